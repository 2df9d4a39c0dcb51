"""Text: names, numbers and words as people write them, merged lines, and what a terminal shows."""
