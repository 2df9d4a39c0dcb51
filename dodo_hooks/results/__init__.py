"""Keys, content ids and kept results: nothing runs twice for the same content (K; HOT)."""

# How a run uses kept results.
USE = "use"
RENEW = "renew"  # up-to-date jobs run all the same, and their results are kept
IGNORE = "ignore"  # none is read, and none kept
