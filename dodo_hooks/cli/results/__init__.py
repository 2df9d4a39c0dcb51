"""The commands about kept results."""
