"""The models of hook files.

A Ctrl-C waits until pydantic is imported. Its core is written in Rust, and panics where one of its own imports is
interrupted.
"""

from dodo_hooks.host.signals import interrupts_held

with interrupts_held():
    from pydantic import BaseModel as BaseModel  # what imports most of it
