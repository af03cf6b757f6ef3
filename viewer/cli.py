"""``saerad``: engine commands go to the engine; opening images and the demonstration need the viewer."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.cli.main import COMMANDS, guarded
from engine.cli.main import main as engine_main
from engine.cli.parser import Parser
from engine.errors import SaeRadError, UsageError
from engine.inference.devices import DEVICE_NAMES, PRECISION_NAMES


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``saerad`` and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and (arguments[0] in COMMANDS or arguments[0] in ("-h", "--help", "--version")):
        return engine_main(arguments)
    if arguments[:1] == ["demo"]:
        return guarded(lambda: _demo(arguments[1:]), debug="--debug" in arguments)
    return guarded(lambda: _view(arguments), debug="--debug" in arguments)


def _view(arguments: list[str]) -> int:
    from engine.cli.draft_options import add_style_options
    from engine.report.wishes import DraftWishes

    parser = Parser(prog="saerad", description="Open the viewer.", example="saerad study/ chest.dcm")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders to open")
    parser.add_argument("--pack", metavar="P", help="model pack: folder, .saepack or installed name (default: demo)")
    parser.add_argument("--device", choices=DEVICE_NAMES, default="auto", help="where the model runs")
    parser.add_argument(
        "--precision", choices=PRECISION_NAMES, default="auto", help="of the encoder, as the pack offers it"
    )
    add_style_options(parser)
    options = parser.parse_args(arguments)
    wishes = DraftWishes(language=options.language, style=options.style, composer=options.composer)
    wishes.check()
    wishes.check_composer()
    for path in options.paths:
        if not Path(path).exists():
            raise UsageError("FILE_MISSING", f"there is no file, folder or command {path!r}", "see 'saerad --help'")
    _require_screen()
    from viewer.app import run

    return run(options.paths, pack=options.pack, device=options.device, precision=options.precision, wishes=wishes)


def _demo(arguments: list[str]) -> int:
    parser = Parser(
        prog="saerad demo",
        description="Open the viewer on the bundled study and pack.",
        example="saerad demo --offscreen out/",
    )
    parser.add_argument(
        "--offscreen", metavar="DIR", type=Path, help="need no display: save screenshots and every export into DIR"
    )
    options = parser.parse_args(arguments)
    if options.offscreen is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    _require_screen()
    from viewer.demo import run_demo

    return run_demo(options.offscreen)


def _require_screen() -> None:
    """Qt ends the process when it finds no display: ask before it does."""
    try:
        import PySide6.QtWidgets  # noqa: F401 - asks whether Qt can be loaded here
    except ImportError as error:
        raise SaeRadError(
            "VIEWER_UNAVAILABLE",
            f"the viewer's screen library cannot be loaded ({error})",
            "install it with: pip install 'saerad-workstation[viewer]' (on Linux also libegl1 and libxkbcommon0); "
            "'saerad analyse' works without it",
        ) from error
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in displays):
        raise SaeRadError(
            "NO_DISPLAY",
            "there is no display to open the viewer on",
            "use 'saerad demo --offscreen DIR' or 'saerad analyse', or log in with a display",
        )
