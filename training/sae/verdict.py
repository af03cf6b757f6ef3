"""What the held-out measures of a trained autoencoder say against it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import SaeRadError


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
