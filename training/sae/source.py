"""Where a run's activations come from: a file or a store; opened anew, or as a run had opened it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from engine.errors import UsageError
from training.activations.stream import FloatArray, TokenStream
from training.sae.run_folder import CONFIGURATION
from training.sae.store_tokens import StoreTokens, choice_of
from training.sae.token_file import read_token_file


class TokenSource(Protocol):
    """Activations, split into what is trained on and what is held out."""

    @property
    def rows(self) -> int:
        """Tokens to train on."""

    @property
    def d_model(self) -> int:
        """Width of a token."""

    @property
    def held_out(self) -> FloatArray:
        """Tokens to measure on, shape (N, d_model)."""

    @property
    def identity(self) -> dict[str, Any]:
        """JSON values that name the content and the split."""

    def stream(self, batch: int, seed: int) -> TokenStream:
        """Return the tokens to train on as a stream."""


def read_identity(folder: Path) -> dict[str, Any]:
    """Return what a run's ``fit.json`` says of its data and code.

    Raises
    ------
    UsageError
        ``FIT_NO_RUN`` when the folder holds no run.
    """
    try:
        values: dict[str, Any] = json.loads((folder / CONFIGURATION).read_text(encoding="utf-8"))["identity"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError("FIT_NO_RUN", f"{folder} holds no run of 'saerad-train fit'", "check the path") from error
    return values


def open_as_saved(
    identity: Mapping[str, Any], tokens: Path | None = None, store: Path | None = None, *, verify: bool = True
) -> TokenSource:
    """Open the activations that a run was begun on, with its choice of held-out rows.

    Parameters
    ----------
    identity : mapping
        Of the run, see `read_identity`.
    tokens, store : Path, optional
        Where the file or the store lies now; None takes the place it was in.
    verify : bool
        Hash every byte of a store.

    Raises
    ------
    SaeRadError
        ``FIT_OTHER_RUN`` when the data are not those of the run, and what opening them raises.
    """
    data = identity["data"]
    source: TokenSource
    if "store" in identity:
        place = store or Path(identity["store"])
        source = StoreTokens(place, choice_of(data), verify=verify)
    else:
        place = tokens or Path(identity["tokens"])
        source = read_token_file(place, data["held_out"], data["seed"])
    if source.identity != data:
        raise UsageError(
            "FIT_OTHER_RUN", f"{place} is not what the run was trained on", "give the data that it began with"
        )
    return source
