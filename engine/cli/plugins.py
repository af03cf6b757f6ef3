"""``saerad plugins``: what is installed for the plug-in points, and whether it loads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from engine.cli.parser import Parser
from engine.errors import PluginError
from engine.plugins.points import Plugin, installed_plugins

PARTLY = 3


@dataclass(frozen=True)
class _Row:
    plugin: Plugin
    code: str
    message: str


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 all load, 3 some do not."""
    parser = Parser(
        prog="saerad plugins",
        description="List the installed plug-ins and load each. Exit status: 0 all load, 3 some do not.",
        example="saerad plugins --json",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    rows = [_row(plugin) for plugin in installed_plugins()]
    if options.json:
        print(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
    elif not rows:
        print("no plug-ins are installed")
    else:
        for row in rows:
            plugin = row.plugin
            state = f"left out [{row.code}]: {row.message}" if row.message else "loads"
            print(f"{plugin.group:<18} {plugin.name:<16} {plugin.package} {plugin.version}  {state}")
    return PARTLY if any(row.message for row in rows) else 0


def _row(plugin: Plugin) -> _Row:
    try:
        plugin.load()
    except PluginError as error:
        return _Row(plugin, error.code, error.message)
    return _Row(plugin, "OK", "")


def _as_json(row: _Row) -> dict[str, str]:
    plugin = row.plugin
    names = {"group": plugin.group, "name": plugin.name, "package": plugin.package, "version": plugin.version}
    return names | {"code": row.code, "message": row.message}
