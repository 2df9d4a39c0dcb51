"""The way back to an earlier state of tracked files and the index, while jobs run side by side (P6)."""
