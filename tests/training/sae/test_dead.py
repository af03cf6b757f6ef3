"""Dead latents: counted in tokens, revived by AuxK or resampling, and nothing else is touched."""

from __future__ import annotations

import torch
from torch import Tensor

from training.sae.architectures.base import Architecture, Step, grad
from training.sae.architectures.gated import Gated
from training.sae.architectures.topk import TopK
from training.sae.dead import DeadCounter, resample

DEAD = torch.tensor([2, 5, 11])


def tokens() -> Tensor:
    return torch.randn(40, 8, generator=torch.Generator().manual_seed(2))


def filled(model: Architecture) -> Architecture:
    generator = torch.Generator().manual_seed(1)
    for value in model.parameters():
        value.normal_(0.0, 0.5, generator=generator)
    return model


def test_silence_is_counted_in_tokens() -> None:
    counter = DeadCounter(3, dead_after=100, device=torch.device("cpu"))
    counter.update(torch.tensor([1, 0, 0]), 60)
    assert counter.dead().tolist() == []
    counter.update(torch.tensor([0, 0, 4]), 60)
    assert counter.dead().tolist() == [1]
    assert counter.silent.tolist() == [60, 120, 0]


def test_auxk_trains_encoder_and_decoder_of_dead_latents_and_nothing_else() -> None:
    model = filled(TopK(8, 32, 2))
    plain: dict[str, list[Tensor]] = {}
    for step in (Step(), Step(dead=DEAD)):
        model.gradients(tokens(), step)
        for name, value in model.named_parameters():
            plain.setdefault(name, []).append(grad(value).clone())
    living = torch.ones(32, dtype=torch.bool)
    living[DEAD] = False
    for name in ("w_enc", "b_enc", "w_dec"):
        without, with_auxiliary = plain[name]
        assert torch.equal(without[living], with_auxiliary[living]), name
        assert bool((without[DEAD] != with_auxiliary[DEAD]).any(-1).all()), name
    assert torch.equal(*plain["b_dec"])


def test_resampling_gives_dead_latents_a_new_start_and_fresh_moments() -> None:
    model = filled(Gated(8, 32))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    x = tokens()
    outcome = model.gradients(x, Step(0.1))
    optimizer.step()
    before = {name: value.clone() for name, value in model.named_parameters()}
    generator = torch.Generator().manual_seed(3)
    resample(model, optimizer, DEAD, x=x, residual=outcome.residual, generator=generator, l0=4.0)
    living = torch.ones(32, dtype=torch.bool)
    living[DEAD] = False
    for name, value in model.named_parameters():
        if name == "b_dec":
            assert torch.equal(value, before[name])
            continue
        assert torch.equal(value[living], before[name][living]), name
        assert float(optimizer.state[value]["exp_avg"][DEAD].abs().max()) == 0.0
        assert float(optimizer.state[value]["exp_avg_sq"][living].abs().max()) > 0.0
    active, values = model.encode(x)
    fires = active.count_by_feature(values > 0)[DEAD]
    assert bool(((fires > 0) & (fires < len(x) / 2)).all())
