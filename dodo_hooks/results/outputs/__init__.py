"""The output cache: what jobs have made, stored and restored exactly (K9; HOT)."""
