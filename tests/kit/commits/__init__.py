"""Commits of partially staged files, and jobs that fix what is staged."""
