"""Settings of the rewriting of drafts."""

from __future__ import annotations

from viewer.i18n import mark
from viewer.settings.spec import Setting

MODEL = Setting(
    "rewriting/model",
    mark("Language model for rewriting (GGUF file)"),
    "",
    mark(
        "A model on this computer that may reword the sentences of a draft when Report > Reword the draft asks "
        "for it. A sentence that says more or less than before is refused. Empty: off, which is how it comes."
    ),
    file=True,
)
SETTINGS: tuple[Setting, ...] = (MODEL,)
