"""How a person wants drafts to be composed: indication, language, house style."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.errors import DraftError, PluginError, UsageError
from engine.inference.analysis import Analysis
from engine.plugins.composers import compose_with
from engine.plugins.points import COMPOSERS, require_plugin
from engine.report.compose import compose
from engine.report.draft import Draft, IndicationSource
from engine.report.indication import header_indication
from engine.report.style import load_style


@dataclass(frozen=True)
class DraftWishes:
    """How drafts are composed; None leaves it to the image, the shipped files, or this program's rules.

    ``composer`` is the name of a plug-in.
    """

    indication: str | None = None
    language: str | None = None
    style: Path | None = None
    composer: str | None = None

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

    def check_composer(self) -> None:
        """Refuse a composer that is not installed before the first image is analysed.

        Raises
        ------
        UsageError
            ``PLUGIN_UNKNOWN``.
        """
        try:
            if self.composer:
                require_plugin(COMPOSERS, self.composer)
        except PluginError as error:
            raise UsageError(error.code, error.message, error.hint) from error

    def draft(self, analysis: Analysis, radiograph: Radiograph) -> Draft:
        """Compose the draft of an image that was not refused."""
        typed = self.indication
        indication = header_indication(radiograph.acquisition) if typed is None else typed
        return self.compose(analysis, indication, "header" if typed is None else "typed")

    def compose(self, analysis: Analysis, indication: str, source: IndicationSource) -> Draft:
        """Compose the draft of an analysis that was not refused, for this indication."""
        own = compose(analysis, indication=indication, source=source, language=self.language, own_style=self.style)
        return compose_with(self.composer, analysis, own) if self.composer else own


DEFAULT_WISHES = DraftWishes()
