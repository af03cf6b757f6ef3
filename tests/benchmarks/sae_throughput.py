"""Speed of the sparse autoencoders' training step, beside plain autograd and the one product that it cannot avoid.

Each architecture does a whole step (gradients, Adam, constraints) on random tokens, in turn with the same loss written
in a few dense lines of autograd, so that other load on the machine hits both. Reported are the median tokens a second,
the median of the ratios of rounds, and how much of the step the one dense encoder product would take at the speed of a
large square product measured in the same round ("share of floor"). `saerad-train bench sae-throughput` measures whole
training steps beside other libraries.

    python -m tests.benchmarks.sae_throughput --features 12288 --rounds 5
    python -m tests.benchmarks.sae_throughput --features 49152 --rounds 3 --reference-batch 1024
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from tests.training.sae import reference
from training.benchmarks.throughput import settle
from training.benchmarks.timing import encoder_flops, peak, seconds
from training.sae.architectures.base import Architecture, Step
from training.sae.architectures.batchtopk import BatchTopK
from training.sae.architectures.gated import ORIGINAL, SAE_RAD_VARIANTS, Gated
from training.sae.architectures.jumprelu import JumpReluSae
from training.sae.architectures.matryoshka import Matryoshka
from training.sae.architectures.relu import Relu
from training.sae.architectures.topk import TopK
from training.sae.auxk import COEFFICIENT
from training.sae.encoding import Scratch

K = 32
WEIGHT = 0.1
GATED_L0 = 64.0
RATE = 2e-4
Loss = Callable[[reference.Parameters, Tensor], Tensor]


def cases(d: int, features: int, scratch: Scratch) -> dict[str, tuple[Architecture, Loss]]:
    """Return each architecture with its loss in plain autograd."""
    sae_rad, detached = SAE_RAD_VARIANTS["sae-rad"], SAE_RAD_VARIANTS["detached-norm"]
    matryoshka = Matryoshka(d, features, K, scratch=scratch)
    jump = JumpReluSae(d, features, scratch=scratch)
    ends = tuple(matryoshka.bounds[1:])
    return {
        "relu": (Relu(d, features, scratch), lambda p, x: reference.relu(p, x, WEIGHT)),
        "gated": (Gated(d, features, ORIGINAL, scratch), lambda p, x: reference.gated(p, x, WEIGHT, ORIGINAL)),
        "gated-sae-rad": (Gated(d, features, sae_rad, scratch), lambda p, x: reference.gated(p, x, WEIGHT, sae_rad)),
        "gated-detached-norm": (
            Gated(d, features, detached, scratch),
            lambda p, x: reference.gated(p, x, WEIGHT, detached),
        ),
        "jumprelu": (jump, lambda p, x: reference.jumprelu(p, x, WEIGHT, jump.bandwidth)),
        "topk": (TopK(d, features, K, scratch), lambda p, x: reference.topk(p, x, K, None, COEFFICIENT)),
        "batchtopk": (
            BatchTopK(d, features, K, scratch),
            lambda p, x: reference.batchtopk(p, x, K, dead=None, coefficient=COEFFICIENT, bounds=(features,)),
        ),
        "matryoshka-batchtopk": (
            matryoshka,
            lambda p, x: reference.batchtopk(p, x, K, dead=None, coefficient=COEFFICIENT, bounds=ends),
        ),
    }


def prepare(model: Architecture, x: Tensor) -> None:
    """Give random unit directions, and levels at which about GATED_L0 latents fire, as in a trained autoencoder."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(model.n_features, model.d_model, generator=generator)
    rows.div_(rows.norm(dim=1, keepdim=True))
    model.w_enc.copy_(rows)
    model.w_dec.copy_(rows)
    settle(model, x, GATED_L0)


class Ours:
    """A step of ours."""

    def __init__(self, model: Architecture) -> None:
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)

    def __call__(self, x: Tensor) -> None:
        self.l0 = self.model.gradients(x, Step(WEIGHT)).mean_l0()
        self.model.before_step()
        self.optimizer.step()
        self.model.after_step()


class Plain:
    """A step of dense autograd with the same optimiser."""

    def __init__(self, model: Architecture, loss: Loss) -> None:
        self.loss, self.unit_norm = loss, model.unit_norm
        self.p = {name: value.detach().clone().requires_grad_() for name, value in model.named_parameters()}
        self.optimizer = torch.optim.Adam(list(self.p.values()), lr=RATE, fused=True)

    def __call__(self, x: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.p, x).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.unit_norm:
            with torch.no_grad():
                self.p["w_dec"].div_(self.p["w_dec"].norm(dim=1, keepdim=True))


clock: Callable[[], float] = time.perf_counter


def compare(ours: Ours, plain: Plain | None, x: Tensor, x_reference: Tensor) -> dict[str, float]:
    """Return the figures of one round."""
    flops = peak(clock)
    mine = seconds(lambda: ours(x), clock) / len(x)
    other = seconds(lambda: plain(x_reference), clock) / len(x_reference) if plain else float("nan")
    floor = encoder_flops(ours.model.d_model, ours.model.n_features) / flops
    return {
        "tokens_per_second": 1.0 / mine,
        "plain_tokens_per_second": 1.0 / other,
        "ratio": other / mine,
        "share_of_floor": floor / mine,
        "peak_flops": flops,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=12288)
    parser.add_argument("--d-model", type=int, default=768)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--reference-batch", type=int, help="smaller where autograd needs too much memory")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="architectures (default: all)")
    parser.add_argument("--bfloat16", action="store_true", help="take our dense product in bfloat16")
    parser.add_argument("--no-reference", action="store_true", help="measure ours alone")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--processor-time", action="store_true", help="one thread's processor time, for a machine that others use too"
    )
    args = parser.parse_args()
    if args.processor_time:
        args.threads, globals()["clock"] = 1, time.process_time
    torch.set_num_threads(args.threads)
    x = torch.randn(args.batch, args.d_model, generator=torch.Generator().manual_seed(3))
    x_reference = x[: args.reference_batch or args.batch]
    scratch = Scratch()
    results = {}
    for name in args.only or list(cases(1, 16, scratch)):
        model, loss = cases(args.d_model, args.features, scratch)[name]
        prepare(model, x)
        model.low_precision = args.bfloat16
        ours, plain = Ours(model), None if args.no_reference else Plain(model, loss)
        rounds = [compare(ours, plain, x, x_reference) for _ in range(args.rounds + 1)][1:]  # the first one warms up
        medians = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        results[name] = r = medians | {"l0": ours.l0}
        if not args.json:
            sys.stdout.write(
                f"{name:22s} {r['tokens_per_second']:9.0f} tokens/s  plain {r['plain_tokens_per_second']:9.0f}  "
                f"ratio {r['ratio']:5.2f}  share of floor {r['share_of_floor']:4.0%}  L0 {r['l0']:6.1f}  "
                f"peak {r['peak_flops'] / 1e9:4.0f} GFLOP/s\n"
            )
            sys.stdout.flush()
    if args.json:
        sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
