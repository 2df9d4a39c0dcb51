"""The options of commands, and the two ways to read them: with click, and without it."""
