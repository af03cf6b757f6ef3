"""An autoencoder of a finished run, read back as it was trained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from engine.errors import SaeRadError, UsageError
from training.sae.architectures import ARCHITECTURES, Shape
from training.sae.architectures.base import Architecture
from training.sae.config import FitConfig, SaeConfig
from training.sae.encoding import Scratch
from training.sae.export import InSpace
from training.sae.folded import FoldedSae
from training.sae.member import Diverged
from training.sae.run_folder import CONFIGURATION
from training.sae.space import Space


@dataclass(frozen=True, eq=False)
class TrainedSae:
    """What a run left of one autoencoder.

    Attributes
    ----------
    name : str
        Of its folder in the run.
    model : Architecture
        In the space of training.
    native : InSpace
        The same on tokens as the encoder gives them.
    folded : FoldedSae or None
        The form of a pack; None where the architecture has none.
    result : dict
        ``result.json``.
    """

    name: str
    config: SaeConfig
    model: Architecture
    native: InSpace
    folded: FoldedSae | None
    result: dict[str, Any]


def load_run(folder: Path) -> dict[str, TrainedSae]:
    """Read every autoencoder of a run, in the run's order; those that diverged are left out.

    Raises
    ------
    SaeRadError
        ``FIT_NO_RUN``, ``FIT_UNFINISHED``, ``FIT_CHECKPOINT`` as :func:`load_trained`.
    """
    found = {}
    for sae in read_config(folder).saes:
        try:
            found[sae.name] = load_trained(folder, sae.name)
        except Diverged:
            continue
    return found


def read_diverged(folder: Path) -> dict[str, int]:
    """Return the autoencoders of a finished run that diverged, with the step at which."""
    results = {sae.name: _result(folder / sae.name) for sae in read_config(folder).saes}
    return {name: result["steps"] for name, result in results.items() if "error" in result}


def read_config(folder: Path) -> FitConfig:
    """Return the configuration of a run.

    Raises
    ------
    UsageError
        ``FIT_NO_RUN`` when the folder holds no run.
    """
    try:
        return FitConfig.from_json(json.loads((folder / CONFIGURATION).read_text(encoding="utf-8"))["config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError("FIT_NO_RUN", f"{folder} holds no run of 'saerad-train fit'", "check the path") from error


def split_name(place: Path) -> tuple[Path, str]:
    """Return run and name of an autoencoder that is given as RUN/NAME, or as RUN where that has one only.

    Raises
    ------
    UsageError
        ``FIT_NO_NAME`` when the run has several.
    """
    folder = place.resolve()
    if not (folder / CONFIGURATION).is_file():
        return folder.parent, folder.name
    names = [sae.name for sae in read_config(folder).saes]
    if len(names) > 1:
        raise UsageError(
            "FIT_NO_NAME",
            f"{place} is a run of {len(names)} autoencoders, and none of them is named",
            f"one of {', '.join(str(place / name) for name in names)}",
        )
    return folder, names[0]


def load_trained(folder: Path, name: str) -> TrainedSae:
    """Read one autoencoder of a run.

    Raises
    ------
    UsageError
        ``FIT_NO_RUN`` when there is no run or none of that name in it, ``FIT_UNFINISHED`` when it is not trained yet.
    SaeRadError
        ``FIT_CHECKPOINT`` when its files cannot be read.
    Diverged
        When there is none because its loss was no finite number.
    """
    configs = {sae.name: sae for sae in read_config(folder).saes}
    if name not in configs:
        raise UsageError("FIT_NO_RUN", f"{folder} has no autoencoder {name}", f"one of {', '.join(configs)}")
    config, place = configs[name], folder / name
    if not (place / "result.json").is_file():
        raise UsageError(
            "FIT_UNFINISHED", f"{place} is not trained to its end", f"saerad-train fit --out {folder} --resume"
        )
    result = _result(place)
    if "error" in result:
        raise Diverged(name, result["steps"])
    try:
        tensors = load_file(place / "model.safetensors")
        centre, forward, inverse = (tensors.pop(f"space.{part}") for part in ("centre", "forward", "inverse"))
        space = Space(centre, forward, inverse)
        shape = Shape(len(space.centre), config.n_features, config.k, config.variant)
        model = ARCHITECTURES[config.arch](shape, Scratch())
        model.load_state_dict(tensors)
        folded = FoldedSae.load(place / "sae.safetensors") if (place / "sae.safetensors").is_file() else None
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise _unreadable(place, error) from error
    return TrainedSae(name, config, model, InSpace(model, space), folded, result)


def folded_of(sae: TrainedSae) -> FoldedSae:
    """Return the form that packs take, which is also what labels describe.

    Raises
    ------
    SaeRadError
        ``SAE_NOT_FOLDABLE``.
    """
    if sae.folded is None:
        raise SaeRadError(
            "SAE_NOT_FOLDABLE", f"{sae.name} has no form that a pack can take", "train another architecture for a pack"
        )
    return sae.folded


def _result(place: Path) -> dict[str, Any]:
    try:
        result: dict[str, Any] = json.loads((place / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(place, error) from error
    return result


def _unreadable(place: Path, error: Exception) -> SaeRadError:
    return SaeRadError(
        "FIT_CHECKPOINT", f"{place} cannot be read ({error})", "go on with the run, which writes it anew"
    )
