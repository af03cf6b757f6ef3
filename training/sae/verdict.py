"""What the held-out measures of a trained autoencoder say against it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import SaeRadError
from training.sae.controller import missed_l0


def explains_nothing(held_out: Mapping[str, float]) -> bool:
    """Whether no latent fires on held-out tokens, or their mean would reconstruct them as well.

    Parameters
    ----------
    held_out : mapping
        ``fvu`` and ``alive``, see :func:`training.sae.results.held_out_values`.
    """
    # Not "at least 1", which is false of what is no number.
    return not (held_out["fvu"] < 1.0 and held_out["alive"] > 0.0)


def nothing_explained(name: str, held_out: Mapping[str, float]) -> str:
    """Word that an autoencoder explains nothing."""
    return (
        f"{name} explains nothing of the held-out tokens: FVU {held_out['fvu']:.4g}, "
        f"{held_out['alive']:.1%} of the latents alive"
    )


REMEDY = "train it again in a new folder with a lower learning rate (--lr), or for more steps"
"""What helps an autoencoder that explains nothing."""


def refuse_useless(name: str, held_out: Mapping[str, float]) -> None:
    """Refuse an autoencoder that explains nothing.

    Raises
    ------
    SaeRadError
        ``SAE_EXPLAINS_NOTHING``.
    """
    if explains_nothing(held_out):
        raise SaeRadError("SAE_EXPLAINS_NOTHING", nothing_explained(name, held_out), REMEDY)


def l0_missed(name: str, wanted: float, held_out: Mapping[str, float], batch_l0: float | None) -> str:
    """Word that an autoencoder has another L0 than was asked for, why, and what may help; "" where it has not.

    One that explains nothing has none worth mending.

    Parameters
    ----------
    wanted : float
        0 is no wish.
    held_out : mapping
        With ``mean_l0``.
    batch_l0 : float or None
        Of the last batches that it learnt from; None where that is not known.
    """
    reached = held_out["mean_l0"]
    if explains_nothing(held_out) or not missed_l0(wanted, reached):
        return ""
    text = f"{name} was asked for an L0 of {wanted:g} and has {reached:.1f} on held-out tokens"
    if batch_l0 is None:
        return text
    if missed_l0(wanted, batch_l0):
        return f"{text}, {batch_l0:.1f} in its last batches: with more steps or another --lr it may come closer"
    return (
        f"{text}, though {batch_l0:.1f} in its last batches: the held-out images differ from those it learnt from, "
        "and more training images may bring both together"
    )
