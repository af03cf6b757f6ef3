"""Where the files that ship with the program lie."""

from __future__ import annotations

from pathlib import Path

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
"""The folder ``resources`` of the checkout."""
