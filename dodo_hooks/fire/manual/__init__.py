"""Runs that git does not fire: by a command, again, and through plain doit."""
