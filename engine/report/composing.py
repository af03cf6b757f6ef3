"""What a draft keeps of its composing by a plug-in: by which one, and why it was passed over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Composing:
    """The composer that was asked for.

    Attributes
    ----------
    name : str
        Plug-in and the package that brings it.
    code, message : str
        Why this program's own draft stands in the place of the plug-in's; empty where it does not.
    """

    name: str
    code: str = ""
    message: str = ""
