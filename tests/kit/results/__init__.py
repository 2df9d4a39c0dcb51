"""Jobs that do not run again: their outputs, their snapshots, and pushes that require them."""
