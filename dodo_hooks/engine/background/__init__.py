"""The background phase: its coordinator, what it watches, and its control socket (HOT)."""
