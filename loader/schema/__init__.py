"""The models of hook files."""

from pathlib import Path

SCHEMA_FILE = Path(__file__).parents[1] / "hooks.schema.json"  # for editors: made of the models
