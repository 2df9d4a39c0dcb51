"""The maintenance of the records: repair and pruning."""
