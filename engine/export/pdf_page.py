"""What every page of the PDF carries: the strip, the model in the footer, and "page n of m"."""

from __future__ import annotations

from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from engine.export.identity import SOFTWARE, software_version, strip_text
from engine.export.typeface import BOLD, REGULAR, plain
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from engine.report.phrases import phrases_of

MARGIN, STRIP, FOOT = 15 * mm, 8 * mm, 14 * mm
_AMBER = colors.Color(1.0, 0.757, 0.027)


def paged_canvas(analysis: Analysis, draft: Draft) -> type[Canvas]:
    """Return a canvas that puts strip, footer and "page n of m" on every page, once the number of pages is known."""
    strip = plain(strip_text(draft))
    pack = f"{analysis.pack_name} {analysis.pack_version} ({analysis.pack_sha256[:8]}…)"
    say = phrases_of(draft.language)
    model = f"{say('Model pack')} {pack} · {analysis.provider}, {analysis.precision}"
    foot = plain(f"{SOFTWARE} {software_version()} · {model} · {say('pixels')} {analysis.pixel_sha256[:16]}…")

    class PagedCanvas(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self._furniture(number, len(self._pages))
                super().showPage()
            super().save()

        def _furniture(self, number: int, pages: int) -> None:
            width, height = A4
            self.setFillColor(_AMBER)
            self.rect(0, height - STRIP, width, STRIP, stroke=0, fill=1)
            self.setFillColor(colors.black)
            self.setFont(BOLD, 10)
            self.drawCentredString(width / 2, height - STRIP + 2.7 * mm, strip)
            self.setFont(REGULAR, 7)
            self.drawString(MARGIN, FOOT - 4 * mm, foot)
            self.drawRightString(width - MARGIN, FOOT - 4 * mm, f"{number} / {pages}")

    return PagedCanvas
