"""What a checkpoint is judged by: AUROC of its outputs and the pointing game of its maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import rankdata

from engine.pack.manifest import OBSERVATIONS
from training.encoder.dataset import ImageSet, plain_batches
from training.encoder.model import SupervisedEncoder
from training.encoder.outputs import NO_FINDING

Floats = npt.NDArray[np.float32]


def auroc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve, ties counted half; NaN without both classes."""
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


@torch.no_grad()
def predict(
    model: SupervisedEncoder, data: ImageSet, *, mean: float, std: float, batch_size: int = 64
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the logits (N, K) and, for each output, the patch of the largest contribution (N, K)."""
    model.eval()
    logits, peaks = [], []
    size = model.vit.config.image_size
    for pixels, _ in plain_batches(data, batch_size, size=size, mean=mean, std=std):
        with torch.autocast("cpu", torch.bfloat16):
            out = model(pixels)
        logits.append(out.logits.float().numpy())
        peaks.append(out.contributions.argmax(dim=2).numpy())
    return np.concatenate(logits), np.concatenate(peaks)


def patch_masks(data: ImageSet, grid: int) -> Floats:
    """Return the masks at the patch grid, 0..1: (R, C, grid * grid)."""
    masks = torch.from_numpy(data.masks).float() / 255.0
    return torch.nn.functional.adaptive_avg_pool2d(masks, grid).flatten(2).numpy()


def pointing_game(
    peaks: npt.NDArray[np.int64], data: ImageSet, places: Floats, outputs: Sequence[str], grid: int
) -> dict[str, tuple[int, int]]:
    """Count, for each output true of an image with masks, how often its peak patch touches the finding.

    Returns
    -------
    dict of str to (hits, cases)
    """
    drawn = np.flatnonzero(data.mask_rows >= 0)
    masks = patch_masks(data, grid)
    result = {}
    for k, name in enumerate(outputs):
        cases = [i for i in drawn if data.targets[i, k] == 1.0]
        shares = [(masks[data.mask_rows[i]] * places[k][:, None]).sum(axis=0) for i in cases]
        hits = [share[peaks[i, k]] >= 0.1 for i, share in zip(cases, shares, strict=True) if share.max() >= 0.1]
        if hits:
            result[name] = (int(sum(hits)), len(hits))
    return result


def evaluate(model: SupervisedEncoder, data: ImageSet, *, mean: float, std: float) -> dict[str, float]:
    """Return the validation figures of a model.

    Keys: ``auroc/<observation>`` and ``pointing/<observation>`` on phantoms, their means ``auroc`` (all outputs with
    both classes) and ``pointing`` (over cases), and ``nih_vs_nih`` and ``nih_vs_rsna``, abnormal NIH images against the
    normals of either source.
    """
    logits, peaks = predict(model, data, mean=mean, std=std)
    outputs, places = model.outputs, model.get_buffer("places").numpy()
    figures: dict[str, float] = {}
    phantom = np.char.startswith(data.kinds, "phantom")
    if phantom.any():
        areas = []
        for k, name in enumerate(outputs):
            known = phantom & ~np.isnan(data.targets[:, k])
            area = auroc(logits[known, k], data.targets[known, k] == 1.0)
            if not np.isnan(area):
                areas.append(area)
                if name in OBSERVATIONS:
                    figures[f"auroc/{name}"] = area
        figures["auroc"] = float(np.mean(areas)) if areas else float("nan")
        counts = pointing_game(peaks[phantom], data.select(phantom), places, outputs, model.vit.config.grid)
        counts = {name: count for name, count in counts.items() if name in OBSERVATIONS}
        for name, (hits, cases) in counts.items():
            figures[f"pointing/{name}"] = hits / cases
        total = sum(cases for _, cases in counts.values())
        figures["pointing"] = sum(hits for hits, _ in counts.values()) / total if total else float("nan")
    abnormal = data.kinds == "nih-abnormal"
    scores = -logits[:, list(outputs).index(NO_FINDING)]
    for key, normal in (("nih_vs_nih", "nih-normal"), ("nih_vs_rsna", "rsna-normal")):
        chosen = abnormal | (data.kinds == normal)
        figures[key] = auroc(scores[chosen], abnormal[chosen])
    return figures
