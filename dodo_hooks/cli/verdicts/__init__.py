"""The commands about verdicts and snapshots."""
