"""The encoder with its training heads and losses: what the class token says, and where it reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from engine.report.vocabulary import PARENTS
from training.encoder.block import LAYER_NORM_EPS, ClassRead
from training.encoder.dataset import Batch
from training.encoder.locality import (
    COVERED,
    composition_loss,
    half_hits,
    own_direction_loss,
    pointing_loss,
    quiet_loss,
    spread_loss,
)
from training.encoder.outputs import NO_FINDING
from training.encoder.vit import VisionTransformer, VitConfig


def mask_channels_of_outputs(outputs: Sequence[str], channels: Sequence[str]) -> Tensor:
    """Return which mask channels show an output: float32 (K, C) of 0 and 1.

    A channel is "observation", "observation|side" or "Support Devices|device". An output that names a side or a device
    takes its own channel, any other detail all channels of its observation. "No Finding" has no place.
    """
    table = torch.zeros(len(outputs), len(channels))
    for k, output in enumerate(outputs):
        observation = output.split("|")[0]
        own = [c for c, channel in enumerate(channels) if channel == output]
        family = [c for c, channel in enumerate(channels) if channel.split("|")[0] == observation]
        if output != NO_FINDING:
            table[k, own or family] = 1.0
    return table


def main_outputs(outputs: Sequence[str], places: Tensor) -> Tensor:
    """Return the numbers of the outputs (M,) that name a finding with a place and imply no other of them."""
    parents = {*PARENTS.values(), *({"Support Devices"} if any("Support Devices|" in name for name in outputs) else ())}
    placed = places.any(dim=1).tolist()
    return torch.tensor(
        [
            k
            for k, name in enumerate(outputs)
            if placed[k] and name not in parents and ("|" not in name or name.startswith("Support Devices|"))
        ],
        dtype=torch.int64,
    )


def importance_of_outputs(outputs: Sequence[str]) -> Tensor:
    """Return each output's weight in the loss (K,): 3 for an observation or a device, 2 for a side, 1 for the rest."""
    weights = torch.ones(len(outputs))
    for k, output in enumerate(outputs):
        observation, _, detail = output.partition("|")
        if not detail or observation == "Support Devices":
            weights[k] = 3.0
        elif detail in ("left", "right"):
            weights[k] = 2.0
    return weights


LATE = (0.4, 0.55)
"""Progress, 0..1, between which the late terms of the loss rise to their weights."""


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms of the training loss (class-token loss: 1).

    Attributes
    ----------
    messages : float
        The same loss for the part of the logits that the last block's messages explain.
    attention : float
        Cross-entropy that the class token attends to each finding in the last block.
    pointing : float
        Cross-entropy that the largest contribution to a true output lies on its finding.
    patches, stem : float
        Patch-level loss against the masks, before the last block and right after the stem.
    residual, average : float
        Variance, over the batch, of the row x_0 that enters the last block and of the average patch's message: what
        varies between images shall arrive as patches' own messages, the part that heat maps show.
    quiet, own, composition, spread : float
        The losses of :mod:`training.encoder.locality`. These and `average` come in late: before the heads have
        learned their findings they would only silence the messages.
    """

    messages: float = 1.0
    attention: float = 0.15
    pointing: float = 0.3
    patches: float = 0.5
    stem: float = 0.5
    residual: float = 1.0
    average: float = 1.0
    quiet: float = 0.3
    own: float = 0.3
    composition: float = 0.5
    spread: float = 0.2

    def at(self, progress: float, late: tuple[float, float] = LATE) -> LossWeights:
        """Return the weights at a progress of 0..1 of the run; the late terms rise between the two of `late`."""
        share = min(max((progress - late[0]) / max(late[1] - late[0], 1e-9), 0.0), 1.0) if progress < late[1] else 1.0
        risen = {n: share * getattr(self, n) for n in ("average", "quiet", "own", "composition", "spread")}
        return replace(self, **risen)


@dataclass(frozen=True)
class HeadOutputs:
    """Logits of a batch.

    Attributes
    ----------
    logits : Tensor, shape (N, K)
    message_logits : Tensor, shape (N, K)
        Σ_j s_j, with the share of the average patch's message, + bias.
    contributions : Tensor, shape (N, K, T - 1)
        s_j = w~·c_j for the patches (design §6), the heat map of each output.
    patch_logits : Tensor, shape (N, T - 1, C)
        From the rows that enter the last block.
    stem_logits : Tensor, shape (N, P, C)
        From the stem alone.
    class_token, x0, average : Tensor, shape (N, D)
    message_tokens : Tensor, shape (N, T - 1, D)
        Each patch's share in the class token, by the messages alone: γ (c_j - mean c_j) / σ.
    attention : Tensor, shape (N, heads, T - 1)
        The class token's softmax row over the patches.
    """

    logits: Tensor
    message_logits: Tensor
    contributions: Tensor
    patch_logits: Tensor
    stem_logits: Tensor
    class_token: Tensor
    x0: Tensor
    average: Tensor
    message_tokens: Tensor
    attention: Tensor


class SupervisedEncoder(nn.Module):
    """Vision transformer with a multi-label head on the class token and a patch head on the last block's input."""

    def __init__(self, config: VitConfig, outputs: Sequence[str], channels: Sequence[str]) -> None:
        super().__init__()
        self.vit = VisionTransformer(config)
        self.outputs, self.channels = tuple(outputs), tuple(channels)
        self.head = nn.Linear(config.width, len(self.outputs))
        self.message_bias = nn.Parameter(torch.full((len(self.outputs),), -1.0))
        self.patch_head = nn.Linear(config.width, len(self.channels))
        self.stem_head = nn.Linear(config.width, len(self.channels))
        # Every output's own vector in the class token, of which the token should be the sum.
        self.composed = nn.Linear(len(self.outputs), config.width, bias=False)
        self.log_sharpness = nn.Parameter(torch.tensor(2.0))
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.composed.weight)
        nn.init.constant_(self.head.bias, -1.0)
        nn.init.constant_(self.patch_head.bias, -3.0)
        nn.init.constant_(self.stem_head.bias, -3.0)
        self.register_buffer("importance", importance_of_outputs(self.outputs), persistent=False)
        places = mask_channels_of_outputs(self.outputs, self.channels)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("main", main_outputs(self.outputs, places), persistent=False)

    def message_tokens(self, read: ClassRead) -> Tensor:
        """Return γ (c_j - mean c_j) / σ: each message's share in the class token, the average patch's last.

        Returns
        -------
        Tensor, shape (N, T + 1, D)
        """
        messages = torch.cat([read.messages, read.average[:, None]], dim=1).float()
        sigma = torch.sqrt(read.z.float().var(dim=1, unbiased=False) + LAYER_NORM_EPS)
        return self.vit.norm.weight * (messages - messages.mean(dim=2, keepdim=True)) / sigma[:, None, None]

    def forward(self, pixels: Tensor, keep: Tensor | None = None) -> HeadOutputs:
        """Return the logits of the kept patches' view of a batch (see ``VisionTransformer.mix``)."""
        stem = self.vit.stem(pixels)
        read = self.vit.read(self.vit.mix(stem, keep), through_messages=True)
        token = self.vit.norm(read.z.float())
        shares = self.message_tokens(read)
        s = (shares @ self.head.weight.T).mT.float()
        return HeadOutputs(
            logits=self.head(token).float(),
            message_logits=s.sum(dim=2) + self.message_bias,
            contributions=s[:, :, 1:-1],
            patch_logits=self.patch_head(read.patch_input[:, 1:]).float(),
            stem_logits=self.stem_head(stem).float(),
            class_token=token,
            x0=read.x0.float(),
            average=read.average.float(),
            message_tokens=shares[:, 1:-1],
            attention=read.attention[:, :, 1:].float(),
        )

    def losses(
        self, batch: Batch, weights: LossWeights, keep: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and its terms for one batch."""
        out = self(batch.pixels, keep)
        known = ~batch.targets.isnan()
        targets = batch.targets.nan_to_num(0.0)
        masks = batch.masks
        if keep is not None:
            masks = masks.gather(2, keep[:, None, :].expand(-1, masks.shape[1], -1))
            known = known & ~self._hidden(batch, masks)
        places = torch.einsum("kc,nct->nkt", self.get_buffer("places"), masks).clamp(max=1.0)
        placed = self.get_buffer("places").any(dim=1)[None] & batch.masks_known[:, None] & known
        there = placed & (targets > 0.5) & (places.amax(dim=2) > COVERED)
        filled = torch.where(known, targets, torch.sigmoid(out.logits.detach()))
        terms = {
            "class": _masked_bce(out.logits, targets, known * self.get_buffer("importance")),
            "messages": _masked_bce(out.message_logits, targets, known * self.get_buffer("importance")),
            "pointing": pointing_loss(
                out.contributions[there], places[there], self.log_sharpness.clamp(max=2.0).exp() * 0.5
            ),
            "quiet": quiet_loss(out.contributions, places, placed),
            "own": own_direction_loss(out.class_token, out.message_tokens, places.amax(dim=1), batch.masks_known),
            "composition": composition_loss(out.class_token, self.composed(filled).float()),
            "spread": spread_loss(self.composed.weight.T[self.get_buffer("main")]),
            "patches": _patch_loss(out.patch_logits, masks, batch.masks_known),
            "stem": _patch_loss(out.stem_logits, batch.masks, batch.masks_known),
            "attention": _attention_loss(out.attention, masks, batch.masks_known),
            "residual": _variance(out.x0),
            "average": _variance(out.average),
        }
        total = (
            terms["class"]
            + weights.messages * terms["messages"]
            + weights.stem * terms["stem"]
            + weights.attention * terms["attention"]
            + weights.pointing * terms["pointing"]
            + weights.patches * terms["patches"]
            + weights.residual * terms["residual"]
            + weights.average * terms["average"]
            + weights.quiet * terms["quiet"]
            + weights.own * terms["own"]
            + weights.composition * terms["composition"]
            + weights.spread * terms["spread"]
        )
        return total, {name: value.detach() for name, value in terms.items()}

    def _hidden(self, batch: Batch, kept: Tensor) -> Tensor:
        """Return which outputs' findings lost most of their patches to PatchDropout and cannot be asked for (N, K)."""
        places = self.get_buffer("places")
        whole = batch.masks.sum(dim=2) @ places.T
        return (kept.sum(dim=2) @ places.T < 0.34 * whole) & (whole > 0)


def _variance(rows: Tensor) -> Tensor:
    return (rows - rows.mean(dim=0, keepdim=True)).square().mean()


def _masked_bce(logits: Tensor, targets: Tensor, importance: Tensor) -> Tensor:
    # Rare outputs would be lost in a plain mean: a present one counts three times.
    weight = importance * (1.0 + 2.0 * targets)
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (loss * weight).sum() / weight.sum().clamp(min=1.0)


def _patch_loss(logits: Tensor, masks: Tensor, known: Tensor) -> Tensor:
    if not known.any():
        return logits.sum() * 0.0
    targets = masks.mT[known]
    loss = F.binary_cross_entropy_with_logits(logits[known], targets, reduction="none")
    return (loss * (1.0 + 9.0 * targets)).mean() * 4.0


def _attention_loss(attention: Tensor, masks: Tensor, known: Tensor) -> Tensor:
    hit = half_hits(masks)
    shown = (hit.sum(dim=2) > 0.5) & known[:, None]
    if not shown.any():
        return attention.sum() * 0.0
    share = torch.einsum("nhj,ncj->nc", attention, hit) / attention.shape[1]
    return -torch.log(share[shown] + 1e-3).mean()


def random_keep(count: int, patches: int, kept: int, generator: torch.Generator) -> Tensor:
    """Return ``kept`` random patch numbers for each image, in order: int64 (count, kept)."""
    order = torch.rand(count, patches, generator=generator).argsort(dim=1)[:, :kept]
    return order.sort(dim=1).values
