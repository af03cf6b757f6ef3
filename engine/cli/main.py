"""``saerad`` without a screen: analyse, packs, query, send, serve, doctor."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module, metadata

from engine.cli.parser import Parser
from engine.errors import SaeRadError, UsageError

COMMANDS: dict[str, str] = {
    "analyse": "find features, write heat maps and draft reports, without a screen",
    "deidentify": "copy DICOM files without what identifies their patients",
    "packs": "list, inspect, verify, install and remove model packs",
    "results": "list the reports, presentation states and segmentations of a study and what they say",
    "query": "ask an archive (PACS) what it has, and fetch it",
    "send": "store DICOM objects in an archive (PACS)",
    "serve": "receive, analyse and send back to an archive, unattended",
    "plugins": "list installed plug-ins and whether they load",
    "doctor": "say what this machine can do and whether the packs are sound",
}
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 2 wrong arguments, 3 refused or failed, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: _dispatch(arguments), debug="--debug" in arguments)


def _dispatch(arguments: list[str]) -> int:
    if arguments and arguments[0] in COMMANDS:
        run: Callable[[list[str]], int] = import_module(f"engine.cli.{arguments[0]}").run
        return run(arguments[1:])
    if arguments[:1] == ["--version"]:
        print(f"saerad {program_version()}")
        return 0
    if not arguments or arguments[0] in ("-h", "--help"):
        _overview().print_help()
        return 0
    raise UsageError("USAGE", f"there is no command {arguments[0]!r}", "see 'saerad --help'")


def _overview() -> Parser:
    lines = [f"  {name:<12}{text}" for name, text in COMMANDS.items()]
    lines.append(f"  {'demo':<12}open the viewer on the bundled study")
    return Parser(
        prog="saerad",
        usage="saerad [PATH ...] | saerad COMMAND ...",
        description="Chest-radiograph workstation whose AI shows its reasons. Research use only.\n\n"
        "With files or folders, or nothing: open the viewer. Commands:\n" + "\n".join(lines),
        example="saerad analyse study/ --out results/\n  saerad COMMAND --help",
    )


def guarded(command: Callable[[], int], *, debug: bool = False) -> int:
    """Run a command; an error ends it with ``error [CODE]: what happened; what to do`` and its exit status."""
    try:
        return command()
    except SaeRadError as error:
        print(error_line(error), file=sys.stderr)
        _trace(debug)
        return error.exit_status
    except KeyboardInterrupt as stop:
        print(str(stop) or "interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (… | head): keep the interpreter from complaining about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as end:  # argparse leaves this way after --help
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:  # a fault of the program: still one line, and a way to see more
        print(error_line(internal_error(error)), file=sys.stderr)
        _trace(debug)
        return 3


def internal_error(error: Exception) -> SaeRadError:
    """Word a fault of the program."""
    return SaeRadError(
        "INTERNAL",
        f"the program failed ({type(error).__name__}: {error})",
        "run again with --debug and report what it prints",
    )


def error_line(error: SaeRadError, subject: str = "") -> str:
    """Return an error as every command prints it on stderr: ``error [CODE]: what happened; what to do``."""
    place = f"{subject}: " if subject else ""
    return f"error [{error.code}]: {place}{error.message}" + (f"; {error.hint}" if error.hint else "")


def _trace(debug: bool) -> None:
    if debug:
        traceback.print_exc()


def program_version() -> str:
    """Version of the installed distribution, or ``unknown`` when run from a bare checkout."""
    try:
        return metadata.version("saerad-workstation")
    except metadata.PackageNotFoundError:
        return "unknown"
