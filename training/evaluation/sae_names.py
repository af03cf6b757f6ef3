"""Short names of the autoencoders of a page: only what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping

from training.sae.config import SaeConfig


def short_names(configs: Mapping[str, SaeConfig]) -> dict[str, str]:
    """Return for each autoencoder what is not the same for all; architecture and sparsity are always said."""
    parts = {key: _parts(config) for key, config in configs.items()}
    differing = {
        name for name in ("variant", "width", "rate", "seed") if len({found[name] for found in parts.values()}) > 1
    }
    return {
        key: " ".join(text for name, text in found.items() if text and name in differing | {"architecture", "sparsity"})
        for key, found in parts.items()
    }


def _parts(config: SaeConfig) -> dict[str, str]:
    sparsity = f"k {config.k}" if config.k else f"L0 {config.l0:g}" if config.l0 else f"λ {config.penalty:g}"
    return {
        "architecture": config.arch,
        "variant": config.variant,
        "width": f"{config.n_features} latents",
        "sparsity": sparsity,
        "rate": f"lr {config.learning_rate:.3g}",
        "seed": f"seed {config.seed}",
    }
