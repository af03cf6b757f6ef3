"""What runs in the engine's worker process to look up what a pack keeps of the features behind a sentence."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.errors import PackError
from engine.pack.evidence import PackEvidence, pack_evidence
from viewer.analysis_job import open_analyzer


def look_up(
    pack_sha256: str,
    feature_ids: Sequence[int],
    observations: Collection[str],
    *,
    pack: str | None,
    device: str,
    precision: str,
) -> PackEvidence:
    """Read what the pack of an analysis keeps.

    Raises
    ------
    PackError
        ``PACK_CHANGED`` when the pack that is there is not the one of the analysis.
    """
    opened = open_analyzer(pack, device, precision).pack
    if opened.sha256 != pack_sha256:
        raise PackError(
            "PACK_CHANGED", "the model pack is no longer the one of this analysis", "analyse the image again"
        )
    return pack_evidence(opened, feature_ids, observations)
