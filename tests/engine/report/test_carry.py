"""What a person did to a draft outlives its being composed anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import DraftError
from engine.report.carry import carry_over
from engine.report.compose import compose
from engine.report.draft import Draft, DraftStatus, ReportSection
from tests.engine.report.factories import busy, texts


def handled() -> Draft:
    """A draft with a sentence of each kind that a person may leave."""
    draft = compose(busy())
    draft = draft.edit("pleura-pleural-effusion-present", "Large effusion.").confirm("pleura-pneumothorax-absent")
    return draft.remove("devices-support-devices-pacemaker-present").add("bones", "Old rib fractures.", "added-1")


def test_nothing_that_a_person_did_is_lost() -> None:
    old = handled()
    new = carry_over(old, compose(busy(), indication="? fracture", source="typed"))
    assert (new.indication, new.asked, new.status) == ("? fracture", ("Fracture",), DraftStatus.DRAFT)
    touched = {s.key: s for part in old.sections for s in part.sentences if s.by_person or s.state != "unconfirmed"}
    after = {s.key: s for part in new.sections for s in part.sentences}
    assert len(touched) == 4 and {key: after[key] for key in touched} == touched
    # Confirmed though nobody asks for it now; the denial that nobody touched is left out.
    assert texts(new, "pleura") == ["Large effusion.", "No pneumothorax."]
    assert texts(compose(busy(), indication="? fracture"), "pleura")[1:] == []
    assert texts(new, "heart") == []
    assert len(after) == sum(len(part.sentences) for part in new.sections), "every key stands once"


def test_an_untouched_draft_becomes_the_new_one() -> None:
    new = compose(busy(), indication="? fracture")
    assert carry_over(compose(busy()), new) == new


def test_a_section_that_only_the_old_draft_has_stays() -> None:
    old = compose(busy())
    other = ReportSection("other", "Other", ())
    old = replace(old, sections=(*old.sections[:-1], other, old.sections[-1])).add("other", "Cervical rib.", "added-1")
    new = carry_over(old, compose(busy()))
    assert [part.name for part in new.sections][-2:] == ["other", "impression"]
    assert texts(new, "other") == ["Cervical rib."]


def test_drafts_of_another_image_or_pack_are_refused() -> None:
    draft = compose(busy())
    for other in (replace(draft, sop_instance_uid="1.2"), replace(draft, pack_version="9.9.9")):
        with pytest.raises(DraftError):
            carry_over(draft, other)
