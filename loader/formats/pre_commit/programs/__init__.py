"""Programs that hooks are run by, each a script of its own: no job imports pre-commit's library, or ours."""
