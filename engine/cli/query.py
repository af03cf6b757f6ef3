"""``saerad query NODE``: ask an archive what it has, and fetch it."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import Namespace
from collections.abc import Sequence

from engine.cli.parser import Parser, filled, filled_path, positive
from engine.cli.progress import ProgressLine
from engine.errors import UsageError
from engine.network.nodes import WebNode, load_nodes
from engine.network.peer import Peer
from engine.network.query import KEYS, LEVELS, Match, Query
from engine.network.secret import store_secret

PARTLY = 3
_SHOWN = {
    "study": ("StudyDate", "PatientID", "PatientName", "ModalitiesInStudy", "StudyDescription", "StudyInstanceUID"),
    "series": ("SeriesNumber", "Modality", "SeriesDescription", "SeriesInstanceUID"),
    "image": ("InstanceNumber", "SOPClassUID", "SOPInstanceUID"),
}


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 done (also with no match), 3 the node failed or could not send all, 2 usage."""
    options = _parser().parse_args(argv)
    nodes = load_nodes(options.nodes)
    peer = Peer(nodes, options.node)
    if options.set_secret:
        return _set_secret(peer)
    if options.echo:
        peer.echo()
        print(json.dumps({"node": peer.name, "ok": True}) if options.json else f"{peer.name} answers")
        return 0
    keys = {name: value for name in KEYS if (value := getattr(options, name))}
    query = Query(options.level, keys, options.limit)
    found = peer.find(query)
    if options.retrieve is not None:
        return _retrieve(peer, options, found)
    _show(found, options)
    if len(found) == query.limit:
        print(f"only the first {query.limit} are shown; ask for less, or raise --limit", file=sys.stderr)
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="saerad query",
        example="saerad query pacs --patient-id 4711 --date 20260101-\n"
        "  saerad query pacs --study 1.2.3 --retrieve study/",
        description="Ask an archive that the file of nodes declares (docs/pacs.md) what it has, and fetch it.\n"
        "Exit status: 0 done (also where nothing matches), 3 the node failed or could not send all, 2 wrong arguments.",
    )
    parser.add_argument("node", metavar="NODE", type=filled, help="name in the file of nodes")
    for name, text in (
        ("patient_id", "patient's ID"),
        ("name", "patient's name, such as 'Miller*'"),
        ("accession", "accession number"),
        ("date", "study date, YYYYMMDD or a range YYYYMMDD-YYYYMMDD"),
        ("modality", "such as DX or CR"),
        ("study", "Study Instance UID"),
        ("series", "Series Instance UID"),
        ("image", "SOP Instance UID"),
    ):
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar="TEXT", default="", help=text)
    parser.add_argument("--level", choices=LEVELS, default="study", help="what is listed (default: study)")
    parser.add_argument("--limit", metavar="N", type=positive, default=200, help="no more matches (default: 200)")
    parser.add_argument("--retrieve", metavar="DIR", type=filled_path, help="fetch what matches into this folder")
    parser.add_argument("--echo", action="store_true", help="only ask whether the node is there")
    parser.add_argument(
        "--set-secret", action="store_true", help="ask for the node's password or token, and keep it in the keyring"
    )
    parser.add_argument("--nodes", metavar="FILE", type=filled_path, help="file of nodes instead of the user's")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _set_secret(peer: Peer) -> int:
    if not isinstance(peer.node, WebNode) or peer.node.auth == "none":
        raise UsageError("NODE_HAS_NO_SECRET", f"the node {peer.name} uses no secret", "declare its auth first")
    secret = getpass.getpass("secret: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise UsageError("USAGE", "no secret was given", "type it, or pipe it in")
    store_secret(peer.name, secret)
    print(f"the keyring holds the secret of {peer.name}")
    return 0


def _show(found: list[Match], options: Namespace) -> None:
    if options.json:
        print(json.dumps([match.values for match in found], ensure_ascii=False, indent=2))
        return
    for match in found:
        print("  ".join(match[keyword] or "-" for keyword in _SHOWN[match.level]))
    if not found:
        print("nothing matches")


def _retrieve(peer: Peer, options: Namespace, found: list[Match]) -> int:
    rows: list[dict[str, str | int]] = []
    failures = 0
    with ProgressLine(0, unit="object") as line:
        for match in found:
            folder = options.retrieve / match["StudyInstanceUID"]
            got = peer.retrieve(
                folder,
                match["StudyInstanceUID"],
                match["SeriesInstanceUID"],
                match["SOPInstanceUID"],
                progress=line.count,
            )
            failures += got.failed
            rows.append(
                {
                    "study": match["StudyInstanceUID"],
                    "folder": str(folder),
                    "objects": len(got.paths),
                    "failed": got.failed,
                }
            )
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for row in rows:
            print(
                f"{row['objects']} objects in {row['folder']}" + (f", {row['failed']} failed" if row["failed"] else "")
            )
        if not rows:
            print("nothing matches")
    return PARTLY if failures else 0
