"""Plug-in points and what is installed for them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol

from engine.dicom.radiograph import Radiograph
from engine.errors import PluginError
from engine.inference.analysis import Analysis
from engine.report.draft import Draft

EXPORTERS = "saerad.exporters"
GROUPS = (EXPORTERS,)
"""Groups of entry points, one a plug-in point."""


class Exporter(Protocol):
    """What an entry point of `EXPORTERS` names: a function, or an object that can be called."""

    def __call__(self, folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> None:
        """Write files into an empty folder; what stands in it afterwards is the result."""


@dataclass(frozen=True)
class Plugin:
    """One installed plug-in; nothing of it has been run yet.

    Attributes
    ----------
    group, name : str
        Plug-in point, and the name by which it is asked for.
    package, version : str
        Distribution that brings it; empty where it does not say.
    """

    group: str
    name: str
    package: str
    version: str
    _entry: EntryPoint

    def load(self) -> Any:
        """Import the plug-in.

        Raises
        ------
        PluginError
            ``PLUGIN_IMPORT`` for whatever goes wrong meanwhile; ``PLUGIN_TYPE`` where it is nothing to call.
        """
        try:
            found = self._entry.load()
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # also SystemExit: a plug-in does not end the program
            raise PluginError(
                "PLUGIN_IMPORT",
                f"the plug-in {self.name!r} of {self.package or 'no package'} cannot be loaded ({told(error)})",
                "update or uninstall its package",
            ) from error
        if not callable(found):
            raise PluginError(
                "PLUGIN_TYPE",
                f"the plug-in {self.name!r} is a {type(found).__name__}, where {self.group} wants something to call",
                "update or uninstall its package",
            )
        return found


def installed_plugins() -> list[Plugin]:
    """List what is installed, in order of point and name, without importing any of it."""
    found = []
    for group in GROUPS:
        for entry in entry_points(group=group):
            package = entry.dist
            found.append(
                Plugin(group, entry.name, package.name if package else "", package.version if package else "", entry)
            )
    return sorted(found, key=lambda plugin: (plugin.group, plugin.name, plugin.package))


def require_plugin(group: str, name: str) -> Plugin:
    """Return the plug-in of a name.

    Raises
    ------
    PluginError
        ``PLUGIN_UNKNOWN``; also when two packages bring the name.
    """
    found = [plugin for plugin in installed_plugins() if (plugin.group, plugin.name) == (group, name)]
    if len(found) != 1:
        many = "several packages bring" if found else "there is no"
        raise PluginError("PLUGIN_UNKNOWN", f"{many} plug-in {name!r} for {group}", "see 'saerad plugins'")
    return found[0]


def told(error: BaseException) -> str:
    """Return an exception as words on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
