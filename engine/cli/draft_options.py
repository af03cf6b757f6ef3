"""What the command line says of drafts: indication, language, house style."""

from __future__ import annotations

from engine.cli.parser import Parser, filled, filled_path
from engine.report.wording import languages


def add_style_options(parser: Parser) -> None:
    """Add language, house style and composer to a command, or to the viewer."""
    parser.add_argument("--language", choices=languages(), help="of the drafts (default: that of the style, else en)")
    parser.add_argument(
        "--style", metavar="PATH", type=filled_path, help="your own phrases: a TOML file or a folder of them"
    )
    parser.add_argument(
        "--composer",
        metavar="NAME",
        type=filled,
        help="installed plug-in that composes the drafts; 'saerad plugins' lists them (default: this program's rules)",
    )


def add_draft_options(parser: Parser) -> None:
    """Add what concerns drafts to a command."""
    parser.add_argument(
        "--indication",
        metavar="TEXT",
        type=filled,
        help="why the images were asked for; decides which negatives the drafts state (default: what each header says)",
    )
    add_style_options(parser)
