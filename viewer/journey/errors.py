"""What can go wrong with the demonstration."""

from __future__ import annotations

from engine.errors import SaeRadError


class DemoError(SaeRadError):
    """The demonstration could not be shown."""
