"""The two markers of the project, as pluggy makes them."""

from __future__ import annotations

import pluggy

PROJECT = "barstep"
"""Name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's method as a hook: write `@hookimpl` above it."""
