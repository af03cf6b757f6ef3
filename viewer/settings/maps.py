"""Settings of the heat maps and of the list of features."""

from __future__ import annotations

from engine.inference.attribution import DEFAULT_METHOD, METHOD_TITLES
from viewer.i18n import mark
from viewer.settings.spec import Setting

METHOD = Setting(
    "maps/method",
    mark("Method of the heat maps"),
    DEFAULT_METHOD,
    mark(
        "What a patch is credited with; also in Overlay > Heat map method. The legend and exports name the method of "
        "the maps shown. Occlusion runs the model 162 times for each image."
    ),
    choices=tuple(METHOD_TITLES.items()),
)
BY_SECTION = Setting(
    "features/by_section",
    mark("Features by section"),
    True,
    mark("A heading for each section of the draft in the list of features; also in Overlay > Features by section."),
)
SETTINGS: tuple[Setting, ...] = (METHOD, BY_SECTION)
