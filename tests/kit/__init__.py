"""The vocabulary of scenario tests: a repository, a gate, a terminal, living and ended processes."""
