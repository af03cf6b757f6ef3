"""What the command line says of drafts: indication, language, house style."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.cli.parser import Parser, filled, filled_path
from engine.dicom.radiograph import Radiograph
from engine.errors import DraftError, UsageError
from engine.inference.analysis import Analysis
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.indication import header_indication
from engine.report.style import load_style
from engine.report.wording import languages


def add_draft_options(parser: Parser) -> None:
    """Add the options to a command."""
    parser.add_argument(
        "--indication",
        metavar="TEXT",
        type=filled,
        help="why the images were asked for; decides which negatives the drafts state (default: what each header says)",
    )
    parser.add_argument("--language", choices=languages(), help="of the drafts (default: that of the style, else en)")
    parser.add_argument(
        "--style", metavar="PATH", type=filled_path, help="your own phrases: a TOML file or a folder of them"
    )


@dataclass(frozen=True)
class DraftWishes:
    """How drafts are composed; None leaves it to the image or the shipped files."""

    indication: str | None = None
    language: str | None = None
    style: Path | None = None

    def check(self) -> None:
        """Refuse a style before the first image is analysed.

        Raises
        ------
        UsageError
            With the codes of :func:`engine.report.style.load_style`.
        """
        try:
            load_style(self.language, self.style)
        except DraftError as error:
            raise UsageError(error.code, error.message, error.hint) from error

    def draft(self, analysis: Analysis, radiograph: Radiograph) -> Draft:
        """Compose the draft of an image that was not refused."""
        typed = self.indication
        return compose(
            analysis,
            indication=header_indication(radiograph.acquisition) if typed is None else typed,
            source="header" if typed is None else "typed",
            language=self.language,
            own_style=self.style,
        )
