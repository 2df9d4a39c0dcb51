"""Hook files, and the plans and diagnostics that they make."""
