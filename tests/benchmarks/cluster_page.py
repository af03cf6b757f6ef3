"""Tables and plot of `tests.benchmarks.cluster`."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw seconds against images, and tokens a second against latents (PNG)."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    colours = dict(zip(result["harvest"], ("#0b6e8f", "#58b0cc", "#c96f1e", "#e8b07a"), strict=True))
    colours |= dict(zip(_ways(result), colours.values(), strict=True))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name, values in result["harvest"].items():
        counts = [key for key in values if key.endswith("images")]
        left.plot(
            [int(key.split()[0]) for key in counts], [values[key] for key in counts], "o-", label=name, c=colours[name]
        )
    left.set(xlabel="images", ylabel="seconds of the harvest", xlim=(0, None), ylim=(0, None))
    for name in _ways(result):
        speeds = [result["batch"] / result["fit"][name][f"F {features}"] for features in result["features"]]
        right.loglog(result["features"], speeds, "o-", label=name, c=colours[name])
    right.set(xlabel="latents", ylabel="tokens a second")
    right.set_xticks(result["features"], [f"{features:,}" for features in result["features"]])
    right.minorticks_off()
    for axes in (left, right):
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def tables(result: dict[str, Any]) -> str:
    """Return the figures in Markdown."""
    where = result["machine"]
    lines = [
        f"{where['processor']}, {where['cores']} cores, load average {where['load_average']} at the end; medians of "
        f"{result['rounds']} rounds.",
        "",
        "| harvest | begin cluster and encoder | "
        + " | ".join(f"{n} images" for n in result["counts"])
        + " | images/s beyond the first |",
        "| --- |" + " --- |" * (len(result["counts"]) + 2),
    ]
    for name, values in result["harvest"].items():
        taken = [values[f"{count} images"] for count in result["counts"]]
        start = f"{values['start']:.1f} s" if "start" in values else "–"
        pace = (result["counts"][-1] - result["counts"][0]) / (taken[-1] - taken[0])
        cells = [name, start, *(f"{value:.1f} s" for value in taken), f"{pace:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "| training | latents | s a step | tokens/s | of which moving | bytes moved |",
        "| --- |" + " --- |" * 5,
    ]
    for features in result["features"]:
        size = 4 * (2 * features * result["d_model"] + features + result["d_model"])
        for name in _ways(result):
            values = result["fit"][name]
            taken, moving = values[f"F {features}"], values.get(f"F {features} moving")
            parts = 2 if name.endswith("workers") else 1
            moved = ("–", "–") if moving is None else (f"{moving:.2f} s", f"{(1 + parts) * size / 1e6:,.0f} MB")
            cells = [name, f"{features:,}", f"{taken:.2f}", f"{result['batch'] / taken:,.0f}", *moved]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _ways(result: dict[str, Any]) -> list[str]:
    """Return the ways of training, without Ray first."""
    return sorted(result["fit"], key=lambda name: (name.startswith("Ray"), name))
