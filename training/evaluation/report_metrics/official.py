"""The official packages for measuring reports, called through their own interfaces where a user has them.

None is a dependency and nothing of them is copied: each is imported only when it is asked for, and needs weights of its
own, some under licences of their own. Their scores stand beside those of the rules, by the packages' own definitions.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from engine.errors import UsageError

Scores = dict[str, float]


@dataclass(frozen=True)
class Official:
    """One package.

    Attributes
    ----------
    module : str
        What is imported.
    install : str
        What a user has to do for it.
    measure : callable
        Takes the module, candidates and references; returns scores by name.
    """

    module: str
    install: str
    measure: Callable[[ModuleType, list[str], list[str]], Scores]


def measure_official(names: Sequence[str], candidates: Sequence[str], references: Sequence[str]) -> dict[str, Scores]:
    """Return the scores of some packages over all reports.

    Parameters
    ----------
    names : sequence of str
        Of `PACKAGES`.
    candidates, references : sequence of str
        Texts of equal number.

    Raises
    ------
    UsageError
        ``OFFICIAL_UNKNOWN`` for a name that is none, ``OFFICIAL_MISSING`` when a package cannot be imported,
        ``OFFICIAL_FAILED`` when it fails, which it does without its weights, or gives no numbers.
    """
    if unknown := [name for name in names if name not in PACKAGES]:
        raise UsageError(
            "OFFICIAL_UNKNOWN", f"there is no official measure {', '.join(unknown)}", f"choose of {', '.join(PACKAGES)}"
        )
    modules = {name: _imported(name) for name in names}
    return {name: _measured(name, modules[name], list(candidates), list(references)) for name in names}


def _imported(name: str) -> ModuleType:
    package = PACKAGES[name]
    try:
        return importlib.import_module(package.module)
    except Exception as error:  # a package's own dependencies fail in many ways while it is imported
        raise UsageError(
            "OFFICIAL_MISSING", f"{name} cannot be used here ({package.module}: {error})", package.install
        ) from error


def _measured(name: str, module: ModuleType, candidates: list[str], references: list[str]) -> Scores:
    package = PACKAGES[name]
    try:
        scores = {key: float(value) for key, value in package.measure(module, candidates, references).items()}
    except Exception as error:  # missing weights, no memory, no network: whatever the package raises
        raise UsageError(
            "OFFICIAL_FAILED", f"{name} failed ({type(error).__name__}: {error})", package.install
        ) from error
    if not scores or not all(math.isfinite(value) for value in scores.values()):
        raise UsageError("OFFICIAL_FAILED", f"{name} gave no numbers ({scores})", package.install)
    return scores


def _radgraph(module: ModuleType, candidates: list[str], references: list[str]) -> Scores:
    """F1-RadGraph (Delbrouck et al. 2022): ``F1RadGraph(reward_level="all")(hyps=, refs=)`` → means of three levels."""
    means = module.F1RadGraph(reward_level="all")(hyps=candidates, refs=references)[0]
    return dict(zip(("simple", "partial", "complete"), means, strict=True))


def _f1chexbert(module: ModuleType, candidates: list[str], references: list[str]) -> Scores:
    """CheXbert (Smit et al. 2020): ``F1CheXbert()(hyps=, refs=)`` → accuracies, scikit-learn's reports for 14 and 5."""
    _, _, of_14, of_5 = module.F1CheXbert()(hyps=candidates, refs=references)[:4]
    return {
        f"{kind} F1, {size}": report[f"{kind} avg"]["f1-score"]
        for size, report in ((14, of_14), (5, of_5))
        for kind in ("micro", "macro")
    }


def _radfact(module: ModuleType, candidates: list[str], references: list[str]) -> Scores:
    """RadFact (Bannur et al. 2024) on narrative texts: ``compute_metric_score(candidates, references)`` of mappings."""
    metric = module.RadFactMetric(is_narrative_text=True)
    _, found = metric.compute_metric_score(_numbered(candidates), _numbered(references))
    return {name: found[name] for name in ("logical_precision", "logical_recall", "logical_f1")}


def _green(module: ModuleType, candidates: list[str], references: list[str]) -> Scores:
    """GREEN (Ostmeier et al. 2024) through RadEval: ``RadEval(do_green=True)(refs=, hyps=)`` → ``{"green": …}``."""
    found: dict[str, Any] = module.RadEval(do_green=True)(refs=references, hyps=candidates)
    return {"GREEN": found["green"]}


def _numbered(texts: list[str]) -> dict[str, str]:
    return {str(number): text for number, text in enumerate(texts)}


PACKAGES: dict[str, Official] = {
    "radgraph": Official(
        "radgraph", "pip install radgraph, and get its model (RadGraph-XL, PhysioNet's terms) into its cache", _radgraph
    ),
    "f1chexbert": Official(
        "f1chexbert",
        "pip install f1chexbert, and get chexbert.pth (StanfordAIMI/RRG_scorers) into its cache",
        _f1chexbert,
    ),
    "radfact": Official(
        "radfact.metric.radfact",
        "install RadFact (github.com/microsoft/RadFact) and set the language model's endpoint in its configs",
        _radfact,
    ),
    "green": Official(
        "RadEval", "pip install RadEval, and get StanfordAIMI/GREEN-radllama2-7b; it needs a GPU", _green
    ),
}
"""Name for ``--official`` → package."""
