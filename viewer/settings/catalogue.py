"""The list of settings, put together from the files of this folder.

To add one: a `Setting` in the file of its concern (a new file is listed here), the German words
(tests/viewer/test_i18n.py says where), and ``python -m viewer.reference`` for the page in docs.
Read it with ``preferences.text(SETTING)``, ``.flag``, ``.number``; listen to ``preferences.changed``.
"""

from __future__ import annotations

from viewer.i18n import mark
from viewer.settings import drafts, hanging, maps, mouse, picture, program, rewriting
from viewer.settings.spec import Setting

GROUPS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    (mark("Program"), program.SETTINGS),
    (mark("Mouse"), mouse.SETTINGS),
    (mark("Picture"), picture.SETTINGS),
    (mark("Features and heat maps"), maps.SETTINGS),
    (mark("Hanging"), hanging.SETTINGS),
    (mark("Rewriting"), rewriting.SETTINGS),
    (mark("Drafts"), drafts.SETTINGS),
)
"""Heading in the dialog and in docs, and what stands below it."""

SETTINGS: tuple[Setting, ...] = tuple(setting for _, settings in GROUPS for setting in settings)
