"""The guards of the loop at the start and the end of each job: hidden changes, changed files, kept results."""
