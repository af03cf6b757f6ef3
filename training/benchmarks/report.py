"""A benchmark's table, chart and JSON object as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from training.benchmarks import encoder, quality, throughput
from training.benchmarks.chart import draw
from training.benchmarks.result import Column, Result, table


@dataclass(frozen=True)
class Report:
    """How one benchmark is shown.

    Attributes
    ----------
    title, explanation : str
        Of the page.
    columns : tuple of Column
        Of the table.
    bars, label : str
        The figure that the chart shows, and what it is called there.
    """

    title: str
    explanation: str
    columns: tuple[Column, ...]
    bars: str
    label: str
    logarithmic: bool

    def text(self, result: Result) -> str:
        """Return table and notes."""
        return table(result, self.columns) + "".join(f"\n- {note}" for note in result.notes) + "\n"

    def write(self, result: Result, folder: Path) -> None:
        """Write ``NAME.md``, ``NAME.png`` and ``NAME.json`` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        machine = result.machine
        libraries = "".join(f", {library} {version}" for library, version in result.versions.items())
        (folder / f"{result.name}.json").write_text(json.dumps(result.to_json(), indent=1) + "\n", encoding="utf-8")
        draw(result, self.bars, self.label, folder / f"{result.name}.png", logarithmic=self.logarithmic)
        (folder / f"{result.name}.md").write_text(
            f"# {self.title}\n\n{self.explanation}\n\n{self.text(result)}\n![{self.label}]({result.name}.png)\n\n"
            f"Made by `{result.settings['command']}` on {machine['processor']}, {result.settings['threads']} threads, "
            f"torch {machine['torch']}, Python {machine['python']}{libraries}. "
            f"Load average {machine['load_average']} before and {machine['load_average_after']} after; "
            f"a large product ran at {machine['peak_gflops']:.0f} GFLOP/s.\n",
            encoding="utf-8",
        )


THROUGHPUT = Report(
    "Speed of training",
    """One whole training step (gradients, optimiser, constraints, counting) of each trainer in turn, on the same rows
from a known dictionary; medians over rounds. *Ours against it* is the median of the rounds' ratios, which other load
on the machine changes least. The floor is the time of one dense encoder product at the speed that a large square
product reached in the same round. The step of dense trainers does not depend on L0; ours of the gated kind does, and
is measured at the L0 shown. The case `gated-sae-rad` is compared with the libraries' gated autoencoders. No latent
was dead for any trainer, so that no step has an auxiliary loss for dead latents.""",
    throughput.COLUMNS,
    "tokens_per_second",
    "tokens a second",
    logarithmic=True,
)
ENCODER = Report(
    "Speed of the encoder",
    """One image through a vision transformer of RAD-DINO's size with random weights, by each in turn, on the same
weights and threads; medians over rounds. *Ours against it* is the median of the rounds' ratios, which other load on
the machine changes least. Ours is what `saerad analyse` runs: class token and what heat maps need; the last block's
patch tokens, which nobody asks for, are left out. The others compute them. The *share of peak* is the time that each
one's own matrix products would take at the speed that a large square product in fp32 reached in the same round. The
case int8 is our int8 profile, calibrated on other random pixels, beside the same runs of the others in fp32. Memory is
that of a process of its own that loads the encoder and runs it three times. The other rows are what comes behind the
encoder in the same rounds: the autoencoder's graph, and the heat maps of all active features by each method of the last
block; their *share of the encoder* is the median of the rounds' ratios.""",
    encoder.COLUMNS,
    "ms",
    "milliseconds an image (less is better)",
    logarithmic=False,
)
QUALITY = Report(
    "Recovery of a known dictionary",
    """Every trainer reads the same rows `x = c D + offset + noise` in the same order once, with the same number of
steps, latents and active latents, and is measured on the same held-out rows. *Mean max cosine* is the mean over the
true features of the largest cosine with a direction that is alive; *dead* is the share of latents that no held-out
row activates. The penalty of gated autoencoders is steered to the wanted L0 by the same controller for all, and all
but the gated ones of the libraries, which have no remedy, take a latent for dead after a fortieth of the run. Each
trainer's learning rate is the best of those tried by mean max cosine, and falls at the end of the run by the
library's own schedule. Else libraries keep their defaults. One seed: differences below 0.01 mean little.""",
    quality.COLUMNS,
    "mean_max_cosine",
    "mean max cosine",
    logarithmic=False,
)
