"""What all architectures share: weights, their gradients' memory, the sparse backward pass, the folded form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.sae.active import Active
from training.sae.encoding import Encoder, Look, Scratch
from training.sae.products import decode, dots, gather_rows

CACHED_ROWS = 1024


@dataclass(frozen=True)
class Step:
    """What a step's loss depends on beside the batch and the weights.

    Attributes
    ----------
    sparsity_weight : float
        λ of the penalty; architectures that fix the number of active latents ignore it.
    dead : Tensor of int64, shape (m,), or None
        Latents that the auxiliary loss is to revive.
    """

    sparsity_weight: float = 0.0
    dead: Tensor | None = None


@dataclass(frozen=True)
class Outcome:
    """What a step found.

    Attributes
    ----------
    terms : dict of str to float
        Terms of the loss as they enter it, each a mean over the batch; their sum is the loss.
    active : Active
        Where activations may be positive.
    values : Tensor, shape (n,)
        The activations there.
    residual : Tensor, shape (rows, d)
        ``x_hat - x``.
    smallest : float or None
        The smallest activation that a batch kept, where a threshold is learnt from it (BatchTopK).
    """

    terms: dict[str, float]
    active: Active
    values: Tensor
    residual: Tensor
    smallest: float | None = None

    def fires(self) -> Tensor:
        """Return how often each latent fired, shape (features,)."""
        return self.active.count_by_feature(self.values > 0)

    def mean_l0(self) -> float:
        """Return the mean number of latents that fired on a row."""
        return int((self.values > 0).sum()) / self.active.shape[0]


@dataclass(frozen=True)
class JumpRelu:
    """The common form of inference: ``z = w_enc (x - b_dec) + b_enc``, ``f = z 1[z > threshold]``, threshold ≥ 0."""

    w_enc: Tensor
    b_enc: Tensor
    threshold: Tensor


@dataclass(frozen=True)
class Residuals:
    """Derivative of the loss by the reconstruction, shape (rows, d), and the value of the squared error."""

    gradient: Tensor
    residual: Tensor
    loss: float


class Architecture(nn.Module, ABC):
    """A sparse autoencoder that computes its own gradients.

    All have ``w_enc`` (F, d), ``b_enc`` (F,), ``w_dec`` (F, d) and ``b_dec`` (d,). The first dimension of every
    parameter but ``b_dec`` is that of the latents. Gradients are written into memory that is allocated once.

    Parameters
    ----------
    d_model, n_features : int
    scratch : Scratch, optional
        Memory for pre-activations, which autoencoders trained in turn may share.

    Attributes
    ----------
    low_precision : bool
        Take the encoder's dense product in bfloat16. The values of the latents found active are then computed again in
        the weights' precision, so that bfloat16 decides only on what lies next to a threshold.
    unit_norm : bool
        Whether decoder rows are kept at length one.
    """

    unit_norm: bool = False
    uses_penalty: bool = True
    """Whether λ steers the sparsity."""

    def __init__(self, d_model: int, n_features: int, scratch: Scratch | None = None) -> None:
        super().__init__()
        self.d_model, self.n_features = d_model, n_features
        self.low_precision = False
        self.scratch = scratch or Scratch()
        self.w_enc = parameter(n_features, d_model)
        self.b_enc = parameter(n_features)
        self.w_dec = parameter(n_features, d_model)
        self.b_dec = parameter(d_model)

    @abstractmethod
    def gradients(self, x: Tensor, step: Step) -> Outcome:
        """Write the gradient of the loss on a batch, shape (rows, d), into every parameter's ``grad``, no more."""

    def learn_threshold(self, smallest: float | None) -> None:
        """Take note of the smallest activation that a batch kept, where a threshold is learnt from it."""

    @abstractmethod
    def encode(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return the activations at inference: where, and their values (n,), which are positive."""

    def activate(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return the activations of a training step: those at inference, unless an architecture says otherwise."""
        return self.encode(x)

    @abstractmethod
    def jump_relu(self, sample: Tensor) -> JumpRelu:
        """Return the common form; `sample`, shape (rows, d), decides where there is no exact one (TopK)."""

    @abstractmethod
    def set_level(self, latents: Tensor, level: Tensor) -> None:
        """Let latents fire where ``w_enc (x - b_dec)`` exceeds a level, shape (m,)."""

    @abstractmethod
    def level(self) -> Tensor:
        """Return the level of ``w_enc (x - b_dec)`` that each latent fires above, shape (F,)."""

    def reconstruct(self, active: Active, values: Tensor) -> Tensor:
        """Return ``x_hat``, shape (rows, d)."""
        return decode(active, values, self.w_dec).add_(self.b_dec)

    def before_step(self) -> None:
        """Take from the decoder's gradient what would only change lengths that are kept at one."""
        if self.unit_norm:
            # In pieces that stay in the cache: a temporary of the decoder's size would cost more than all the rest.
            for gradient, rows in zip(grad(self.w_dec).split(CACHED_ROWS), self.w_dec.split(CACHED_ROWS), strict=True):
                gradient.addcmul_((gradient * rows).sum(1, keepdim=True), rows, value=-1.0)

    def after_step(self) -> None:
        """Restore what the optimiser may have violated."""
        if self.unit_norm:
            self.w_dec.div_(self.w_dec.norm(dim=1, keepdim=True).clamp_min_(1e-12))

    @contextmanager
    def full_precision(self) -> Iterator[None]:
        """Encode exactly inside, whatever training does: at a threshold bfloat16 would decide differently."""
        before, self.low_precision = self.low_precision, False
        try:
            yield
        finally:
            self.low_precision = before

    # What the architectures build their backward pass from.

    def centred(self, x: Tensor) -> Tensor:
        """Return ``x - b_dec`` in memory that is used again."""
        out = self.scratch.take("centred", (x.shape[0], x.shape[1]), x.dtype)
        return torch.sub(x, self.b_dec, out=out)

    def encoder(self, centred: Tensor, bias: Tensor) -> Encoder:
        """Return the encoder's product of this batch."""
        return Encoder(centred, self.w_enc, bias, self.scratch, low_precision=self.low_precision)

    def exactly(self, active: Active, centred: Tensor, values: Tensor, bias: Tensor) -> Tensor:
        """Return pre-activations in the weights' precision."""
        if not self.low_precision:
            return values
        return dots(active, centred, self.w_enc).add_(bias[active.feature])

    def search(self, centred: Tensor, bias: Tensor, look: Look | None = None) -> tuple[Active, Tensor]:
        """Return where ``w_enc x_c + bias`` is positive, and its values."""
        active, values = self.encoder(centred, bias).above(0.0, look)
        return active, self.exactly(active, centred, values, bias)

    def squared_error(self, reconstruction: Tensor, x: Tensor) -> Residuals:
        """Return mean |x_hat - x|² and its derivative by ``x_hat``; the reconstruction is overwritten."""
        residual = reconstruction.sub_(x)
        loss = float(torch.linalg.vector_norm(residual)) ** 2 / len(x)
        return Residuals(residual * (2.0 / len(x)), residual, loss)

    def encoder_gradients(self, active: Active, dz: Tensor, centred: Tensor) -> Tensor:
        """Write the gradient of ``w_enc``; return that of the pre-activations summed over the batch, shape (F,)."""
        gather_rows(active, dz, centred, grad(self.w_enc))
        return active.sum_by_feature(dz)

    def through_centring(self, summed: Tensor) -> Tensor:
        """Return the share of ``b_dec``'s gradient that comes from ``x - b_dec``.

        Summed over the batch first, it costs one product with a vector instead of one with the whole batch.
        """
        return -(summed @ self.w_enc)


def parameter(*shape: int) -> nn.Parameter:
    """Return a parameter of zeros with memory for its gradient; autograd is not involved."""
    value = nn.Parameter(torch.zeros(shape), requires_grad=False)
    value.grad = torch.zeros(shape)
    return value


def grad(value: nn.Parameter) -> Tensor:
    """Return a parameter's gradient."""
    assert value.grad is not None
    return value.grad
