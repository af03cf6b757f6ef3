"""The images that features are described by and those that descriptions are scored on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from engine.errors import UsageError
from training.activations.store import ActivationStore, Rows
from training.labelling.case_tables import manifest_table, phantom_table, report_table, table_cases
from training.labelling.cases import Case, Split
from training.labelling.store_cases import store_cases
from training.sae.folded import FloatArray
from training.sae.source import TokenSource
from training.sae.store_tokens import StoreTokens

MOST_IMAGES = 20_000
"""Images to describe by, and as many to score on, unless another number is asked for."""


Knowledge = Literal["store", "manifest", "reports", "phantoms"]


@dataclass(frozen=True)
class CaseSource:
    """Where it is said what the images show: a manifest, a set of phantoms, or (neither) the index of the store.

    ``reports`` asks for the manifest's reports instead of its labels.
    """

    manifest: Path | None = None
    phantoms: Path | None = None
    reports: bool = False

    @property
    def kind(self) -> Knowledge:
        """Which of them."""
        if self.manifest is not None:
            return "reports" if self.reports else "manifest"
        return "phantoms" if self.phantoms is not None else "store"


@dataclass(frozen=True, eq=False)
class LabelImages:
    """Class tokens of images and what is known of them, patients of the two parts apart.

    Attributes
    ----------
    train, held_out : ndarray of float32, shape (images, d_model)
    train_cases, held_out_cases : tuple of Case
    kind : {"store", "manifest", "reports", "phantoms"}
        What says what they show.
    store_sha256 : str
        Of the store that they come from.
    """

    train: FloatArray
    train_cases: tuple[Case, ...]
    held_out: FloatArray
    held_out_cases: tuple[Case, ...]
    kind: Knowledge
    store_sha256: str

    @property
    def count(self) -> int:
        """Images of both parts."""
        return len(self.train) + len(self.held_out)

    @property
    def cases_sha256(self) -> str:
        """One hash of all that is known of the images."""
        digest = hashlib.sha256()
        for case in (*self.train_cases, *self.held_out_cases):
            values = asdict(case) | {"known": sorted(case.known)}
            digest.update(repr(sorted(values.items())).encode() + b"\n")
        return digest.hexdigest()


def label_images(source: TokenSource, cases: CaseSource, most: int = MOST_IMAGES) -> LabelImages:
    """Read the images that an autoencoder was trained on and those that were held out.

    Parameters
    ----------
    most : int
        Images of either part; more are drawn from.

    Raises
    ------
    UsageError
        ``LABEL_DATA`` when nothing says what the images show, ``LABEL_IMAGES`` when the table lacks some of them.
    """
    if not isinstance(source, StoreTokens):
        raise _useless("a file of tokens has no labels", "train on a store of 'saerad-train harvest'")
    if source.choice.kind != "class":
        raise _useless("the autoencoder was trained on patches, and what is known is known of images", "")
    train, held_out = (some(rows, most) for rows in (source.train_rows, source.held_out_rows))
    find = _finder(source.store, cases)
    train_cases, held_out_cases = find(train, "train"), find(held_out, "val")
    if not any(case.claims for case in train_cases):
        raise _useless(
            "no report of a training image states a finding"
            if cases.kind == "reports"
            else "no training image has a label that is the name of an observation",
            "name a manifest with labels, or with reports and --reports, or phantoms",
        )
    store = source.store
    return LabelImages(
        store.class_tokens(train),
        tuple(train_cases),
        store.class_tokens(held_out),
        tuple(held_out_cases),
        cases.kind,
        store.sha256,
    )


def _finder(store: ActivationStore, cases: CaseSource) -> Callable[[Rows, Split], list[Case]]:
    """Return what finds the cases of a store's rows."""
    if cases.manifest is not None:
        read = report_table if cases.reports else manifest_table
        return partial(table_cases, read(cases.manifest), store)
    if cases.phantoms is not None:
        return partial(table_cases, phantom_table(cases.phantoms), store)
    return partial(store_cases, store)


def some(rows: Rows, most: int) -> Rows:
    """Return at most so many rows, drawn at random and in order."""
    return rows if len(rows) <= most else np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def _useless(why: str, hint: str) -> UsageError:
    return UsageError("LABEL_DATA", f"there is nothing to label features by: {why}", hint)
