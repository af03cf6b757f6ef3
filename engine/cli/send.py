"""``saerad send NODE FILES…``: store DICOM objects in an archive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from engine.cli.parser import Parser, filled, filled_path, positive
from engine.cli.progress import ProgressLine
from engine.dicom.folders import head_of, search_folder
from engine.dicom.recognise import Kind, recognise
from engine.errors import NetworkError, UsageError
from engine.network.nodes import load_nodes
from engine.network.peer import Peer
from engine.network.store import Outgoing, Sent, read_outgoing

PARTLY = 3


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 the node has all of them, 3 not all, 2 usage."""
    options = _parser().parse_args(argv)
    peer = Peer(load_nodes(options.nodes), options.node)
    outcomes: list[Sent] = []
    files: list[Outgoing] = []
    for path in _files(options.files):
        try:
            files.append(read_outgoing(path))
        except NetworkError as error:
            outcomes.append(Sent(path, "", error.code, error.message))
    with ProgressLine(len(files), unit="object") as line:
        outcomes += peer.send(files, lambda _sent: line.next_image(), retries=options.retries) if files else []
    if options.commit:
        outcomes = _commit(peer, files, outcomes, options.wait)
    if options.json:
        print(json.dumps([_row(sent) for sent in outcomes], ensure_ascii=False, indent=2))
    else:
        for sent in outcomes:
            state = ("kept" if options.commit else "stored") if sent.stored else f"failed [{sent.code}]"
            print(f"{state:<9} {sent.path}" + (f": {sent.message}" if sent.message else ""))
    return 0 if all(sent.stored for sent in outcomes) else PARTLY


def _parser() -> Parser:
    parser = Parser(
        prog="saerad send",
        example="saerad send pacs results/",
        description="Store DICOM objects in an archive that the file of nodes declares (docs/pacs.md).\n"
        "Exit status: 0 the node has all of them, 3 not all (each is named), 2 wrong arguments.",
    )
    parser.add_argument("node", metavar="NODE", type=filled, help="name in the file of nodes")
    parser.add_argument(
        "files", nargs="+", metavar="FILE", type=filled_path, help="DICOM file, or folder with such files"
    )
    parser.add_argument(
        "--retries", metavar="N", type=positive, default=3, help="tries after a lost connection (default: 3)"
    )
    parser.add_argument(
        "--commit", action="store_true", help="ask the archive to keep them (storage commitment), and wait for its word"
    )
    parser.add_argument(
        "--wait", metavar="S", type=positive, default=60, help="seconds for that word (with --commit; default: 60)"
    )
    parser.add_argument("--nodes", metavar="FILE", type=filled_path, help="file of nodes instead of the user's")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _commit(peer: Peer, files: Sequence[Outgoing], outcomes: Sequence[Sent], wait: float) -> list[Sent]:
    """Return the outcomes with what the node says of those that were stored, or why it could not be asked."""
    stored = {sent.path for sent in outcomes if sent.stored}
    asked = [file for file in files if file.path in stored]
    if not asked:
        return list(outcomes)
    try:
        said = peer.commit(asked, wait)
    except NetworkError as error:
        said = [Sent(file.path, file.uid, error.code, f"stored, but {error.message}") for file in asked]
    word = {sent.path: sent for sent in said}
    return [word.get(sent.path, sent) for sent in outcomes]


def _files(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(search_folder(path, _is_dicom))
        elif path.is_file():
            found[path] = None
        else:
            raise UsageError("FILE_MISSING", f"there is no file or folder {path}", "check the path")
    if not found:
        raise UsageError("NOTHING_TO_SEND", "the folders hold no DICOM file", "name another")
    return list(found)


def _is_dicom(path: Path) -> bool:
    return recognise(head_of(path))[0] is Kind.DICOM


def _row(sent: Sent) -> dict[str, str]:
    return {"path": str(sent.path), "sop_instance_uid": sent.uid, "code": sent.code, "message": sent.message}
