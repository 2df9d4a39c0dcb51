"""The content of files, as git sees it: content ids, conversions, types (HOT)."""
