"""Who reads, and when: what stands in a draft's record of changes."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime


def system_reader() -> str:
    """Return the name under which the system knows the person; ``unknown`` where it tells none."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        # No variable names it and the user database has no entry, as in containers.
        return "unknown"


def now() -> str:
    """Return the time in UTC, ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
