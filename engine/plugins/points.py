"""Plug-in points and what is installed for them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from engine.errors import PluginError

READERS, COMPOSERS, EXPORTERS, PANELS = "saerad.readers", "saerad.composers", "saerad.exporters", "saerad.panels"
GROUPS = (READERS, COMPOSERS, EXPORTERS, PANELS)
"""Groups of entry points, one a plug-in point; what each is called with stands in the module that calls it."""


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

    @property
    def title(self) -> str:
        """Name and package, for people."""
        return f"{self.name} ({self.package} {self.version})" if self.package else self.name

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


def call(plugin: Plugin, *arguments: Any, lost: str) -> Any:
    """Load a plug-in and call it.

    Parameters
    ----------
    lost : str
        What a person has to do without when it fails, for the message.

    Raises
    ------
    PluginError
        As `Plugin.load`; ``PLUGIN_FAILED`` for whatever it raises.
    """
    function = plugin.load()
    try:
        return function(*arguments)
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # also SystemExit: a plug-in does not end the program
        raise failed(plugin, error, lost) from error


def failed(plugin: Plugin, error: BaseException, lost: str) -> PluginError:
    """Say that a plug-in raised an error."""
    return PluginError(
        "PLUGIN_FAILED", f"the plug-in {plugin.name!r} failed ({told(error)})", f"{lost}; tell whoever wrote it"
    )


def unusable(plugin: Plugin, why: str, lost: str) -> PluginError:
    """Say that what a plug-in returned cannot be used."""
    return PluginError("PLUGIN_RESULT", f"the plug-in {plugin.name!r} {why}", f"{lost}; tell whoever wrote it")


def told(error: BaseException) -> str:
    """Return an exception as words on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
