"""Write the page of a run into its folder, and a page over several runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import UsageError
from training.evaluation.sae_measures import measure_run
from training.evaluation.sae_names import short_names
from training.evaluation.sae_page import CURVES, HISTOGRAMS, PARETO, comparison_page, is_comparison, run_page
from training.evaluation.sae_plots import plot_curves, plot_histograms, plot_pareto, read_log
from training.evaluation.sae_report import RunReport, SaeReport, read_report, write_report
from training.evaluation.tensorboard import write_scalars
from training.sae.checkpoint import write_text
from training.sae.source import TokenSource

PAGE = "README.md"
OURS = {PAGE, PARETO}
Progress = Callable[[str, float], None]


def report_run(folder: Path, source: TokenSource, progress: Progress) -> RunReport:
    """Measure a finished run and write ``README.md``, ``report.json`` and the figures into its folder.

    Parameters
    ----------
    source : TokenSource
        The run's data.

    Raises
    ------
    SaeRadError
        See :func:`training.evaluation.sae_measures.measure_run`.
    """
    report = measure_run(folder, source, progress)
    names = short_names({key: sae.config for key, sae in report.saes.items()})
    named = {names[key]: sae for key, sae in report.saes.items()}
    logs = {key: read_log(folder / key / "metrics.jsonl") for key in report.saes}
    plot_curves({names[key]: log for key, log in logs.items()}, folder / CURVES)
    plot_histograms(named, folder / HISTOGRAMS)
    plot_pareto(named, folder / PARETO)
    write_scalars(logs, folder)
    write_report(folder, report)
    write_text(folder / PAGE, run_page(report, names, f"Run {folder.resolve().name}"))
    return report


def refuse_other_files(out: Path) -> None:
    """Refuse to write a page over several runs where something else is.

    Raises
    ------
    UsageError
        ``PAGE_FOLDER`` unless the folder is new, empty or that of such a page.
    """
    if not out.exists():
        return
    names = {path.name for path in out.iterdir()} if out.is_dir() else {out.name}
    ours = PAGE in names and is_comparison((out / PAGE).read_bytes())
    if not out.is_dir() or names - (OURS if ours else set()):
        raise UsageError(
            "PAGE_FOLDER",
            f"{out} holds other things than a page over several runs",
            "choose a new or an empty folder; a run's own page is written into the run's folder without --out",
        )


def report_runs(folders: Sequence[Path], out: Path) -> dict[str, SaeReport]:
    """Write one page over several runs that were measured; returns their autoencoders by short name.

    Raises
    ------
    UsageError
        ``FIT_REPORT`` when a run was not measured yet.
    """
    reports = {str(folder): read_report(folder) for folder in folders}
    found = {f"{title}/{key}": sae for title, report in reports.items() for key, sae in report.saes.items()}
    names = short_names({key: sae.config for key, sae in found.items()})
    # The same autoencoder on other data or for other steps: the run tells them apart.
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    named = {
        f"{names[key]} ({key.rpartition('/')[0]})" if names[key] in twice else names[key]: sae
        for key, sae in found.items()
    }
    out.mkdir(parents=True, exist_ok=True)
    plot_pareto(named, out / PARETO)
    write_text(out / PAGE, comparison_page(reports, named))
    return named
