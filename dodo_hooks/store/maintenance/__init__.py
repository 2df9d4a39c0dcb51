"""What keeps the records in order: repair and pruning."""
