"""Systems that lack something or differ, and processes that are killed or counted there."""
