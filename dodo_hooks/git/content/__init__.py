"""What files hold, as git sees it: content ids, conversions, types."""
