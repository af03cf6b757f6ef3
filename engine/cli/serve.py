"""``saerad serve``: receive radiographs, analyse them and send the results to an archive, unattended."""

from __future__ import annotations

import json
import logging
import platform
import signal
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence

from engine.cli.parser import Parser, filled, filled_path, positive, whole
from engine.errors import UsageError
from engine.inference.analyzer import Analyzer
from engine.inference.devices import DEVICE_NAMES
from engine.network.nodes import DimseNode, Nodes, is_loopback, load_nodes
from engine.network.peer import Peer
from engine.pack.library import load_pack
from engine.resources import user_data_path
from engine.service.database_address import parse_address
from engine.service.open_queue import SharedQueue
from engine.service.poll import PollSettings
from engine.service.serve import Service, ServiceSettings


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 when it was stopped or, with --once, has nothing left to do."""
    options = _parser().parse_args(argv)
    receives = options.listen or options.watch is not None or options.poll is not None
    if options.work_only and (receives or options.queue is None):
        raise UsageError(
            "USAGE", "--work-only goes with --queue, and with no --listen, --watch or --poll", "leave one out"
        )
    if not receives and not options.work_only:
        raise UsageError("USAGE", "nothing would be received", "give --listen, --watch or --poll, or --work-only")
    nodes = load_nodes(options.nodes)
    peer = Peer(nodes, options.node)
    shared = None
    if options.queue is not None:
        shared = SharedQueue(parse_address(options.queue), options.node_name or platform.node(), options.lease)
        if options.lease < 2 * peer.node.timeout:
            print(
                f"warning: --lease is less than twice the timeout of {options.node} ({peer.node.timeout:.0f} s); "
                "what a node was sending when it went silent may be sent twice, with one UID",
                file=sys.stderr,
            )
    if options.listen and not is_loopback(nodes.local.host):
        print(f"listening beyond this machine, on {nodes.local.host}, as [local] says", file=sys.stderr)
    if options.watch is not None and not options.watch.is_dir():
        raise UsageError("FILE_MISSING", f"there is no folder {options.watch}", "check the path")
    logging.getLogger("engine.service").setLevel(logging.INFO)
    logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stderr)
    settings = ServiceSettings(
        state=options.state or user_data_path("serve"),
        local=nodes.local if options.listen else None,
        callers={node.ae_title: node for node in nodes.nodes.values() if isinstance(node, DimseNode)},
        keep=options.keep * 3600.0,
        watch=options.watch,
        poll=_poll(nodes, options),
        health=options.health,
        most_waiting=options.most_waiting,
        least_free=options.least_free << 20,
        shared=shared,
    )
    analyzer = Analyzer(load_pack(options.pack), options.device, options.threads)
    with Service(settings, analyzer, peer) as service:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        if service.health is not None:
            print(f"health page: http://127.0.0.1:{service.health.port}/", file=sys.stderr, flush=True)
        service.run(once=options.once)
        if options.json:
            print(json.dumps(service.report()))
    return 0


def _poll(nodes: Nodes, options: Namespace) -> PollSettings | None:
    if options.poll is None:
        return None
    peer = Peer(nodes, options.poll)
    if options.listen and isinstance(peer.node, DimseNode) and peer.node.retrieve == "move":
        raise UsageError(
            "USAGE", "C-MOVE of --poll and --listen need the same port", "declare retrieve = 'get', or DICOMweb"
        )
    return PollSettings(peer, options.every, options.days)


def _parser() -> Parser:
    parser = Parser(
        prog="saerad serve",
        example="saerad serve pacs --listen --health 8765\n  saerad serve pacs --watch incoming/\n"
        "  saerad serve web --poll web --every 60\n"
        "  saerad serve pacs --queue postgresql://saerad@db/saerad --work-only",
        description="Receive radiographs, analyse them, send the results to an archive, until stopped (docs/pacs.md).\n"
        "Off unless started; listens on 127.0.0.1 unless [local] of the file of nodes names another address.\n"
        "Exit status: 0 stopped, 3 it could not work, 2 wrong arguments.",
    )
    parser.add_argument("node", metavar="NODE", type=filled, help="archive that gets the results")
    parser.add_argument("--listen", action="store_true", help="receive by C-STORE at the address of [local]")
    parser.add_argument(
        "--keep",
        metavar="HOURS",
        type=whole,
        default=24,
        help="for so long images received by C-STORE stay and are committed to (default: 24)",
    )
    parser.add_argument("--watch", metavar="DIR", type=filled_path, help="take what is put into this folder")
    parser.add_argument("--poll", metavar="NODE", type=filled, help="ask this archive for new studies, and fetch them")
    parser.add_argument(
        "--every", metavar="S", type=positive, default=30, help="seconds between two questions (default: 30)"
    )
    parser.add_argument(
        "--days", metavar="N", type=positive, default=2, help="ask for studies of the last N days (default: 2)"
    )
    parser.add_argument(
        "--state", metavar="DIR", type=filled_path, help="folder of the queue (default: your data folder)"
    )
    parser.add_argument(
        "--queue",
        metavar="URL",
        type=filled,
        help="share the queue in this PostgreSQL database with other nodes (docs/several-machines.md)",
    )
    parser.add_argument(
        "--work-only", action="store_true", help="with --queue: receive nothing, work on what others do"
    )
    parser.add_argument(
        "--node-name", metavar="NAME", type=filled, help="with --queue: of this node (default: the host's)"
    )
    parser.add_argument(
        "--lease",
        metavar="SECONDS",
        type=_lease,
        default=120,
        help="with --queue: a node not heard of for so long loses its job to another (default: 120)",
    )
    parser.add_argument("--health", metavar="PORT", type=int, help="health page on 127.0.0.1 (0: any free port)")
    parser.add_argument("--once", action="store_true", help="end when all that lies there is done")
    parser.add_argument("--pack", metavar="P", type=filled, help="model pack (default: demo)")
    parser.add_argument("--device", choices=DEVICE_NAMES, default="auto", help="where the model runs (default: auto)")
    parser.add_argument("--threads", metavar="N", type=positive, help="processor threads of the model")
    parser.add_argument(
        "--most-waiting", metavar="N", type=positive, default=1000, help="refuse more than so many (default: 1000)"
    )
    parser.add_argument(
        "--least-free", metavar="MIB", type=positive, default=1024, help="disk that stays free (default: 1024 MiB)"
    )
    parser.add_argument("--nodes", metavar="FILE", type=filled_path, help="file of nodes instead of the user's")
    parser.add_argument("--json", action="store_true", help="print how things stand at the end as JSON")
    return parser


def _lease(text: str) -> int:
    seconds = positive(text)
    if seconds < 4:
        raise ArgumentTypeError("it must be at least 4 seconds")
    return seconds
