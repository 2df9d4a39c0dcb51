"""The words that scenario tests are told in: a repository, a gate, a terminal, and what lives or has ended."""
