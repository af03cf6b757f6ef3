"""What a pack keeps of the features behind a sentence."""

from __future__ import annotations

from engine.pack.evidence import pack_evidence
from engine.pack.library import load_pack


def test_a_pack_tells_what_it_keeps_of_features_and_observations() -> None:
    pack = load_pack(None)
    described = [record.id for record in pack.features.all() if record.observation][:2]
    kept = pack_evidence(pack, [*described, -1], {"Pleural Effusion"})
    assert sorted(kept.features) == described
    one = kept.features[described[0]]
    assert one.record.id in one.duplicates and len(one.record.quantiles) == 101
    activations = [example.activation for example in one.examples]
    assert activations and activations == sorted(activations, reverse=True)
    assert {readout.observation for readout in kept.readouts} == {"Pleural Effusion"}
