"""State without Qt: history, overlay, selection, autosave, session."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import DraftError, InferenceError
from engine.inference.heat_scale import PALETTE
from engine.report.draft import Draft, DraftStatus
from tests.viewer.factories import PACK_SHA256, make_analysis, make_draft, make_radiograph
from viewer.state.autosave import DraftFileError, DraftStore
from viewer.state.history import DraftHistory
from viewer.state.images import Load, Problem
from viewer.state.opened import KEEP_PIXELS
from viewer.state.overlay import OverlaySettings
from viewer.state.selection import Selection, maps_of, sentences_of
from viewer.state.session import AnalysisResult, Session
from viewer.state.steps import StepError


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(DraftStore(tmp_path / "drafts"))


def show_analysed(session: Session, folder: Path, name: str = "a.dcm") -> str:
    radiograph = make_radiograph(folder, name)
    (key,) = session.add([radiograph.source])
    session.show(key)
    session.set_radiograph(key, radiograph)
    analysis = make_analysis(radiograph)
    session.set_result(key, AnalysisResult(analysis, make_draft(analysis)), radiograph.pixel_sha256)
    return key


def draft_of(session: Session) -> Draft:
    assert session.draft is not None
    return session.draft


def test_state_does_not_import_qt(repository: Path) -> None:
    for path in (repository / "viewer" / "state").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("PySide6") for name in names), path


def test_undo_and_redo_walk_through_every_change(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    texts = [[s.text for s in draft_of(session).sentences()]]
    for change in (
        lambda d: d.edit("s1", "Edited."),
        lambda d: d.remove("s2"),
        lambda d: d.add("heart", "Mine.", "x1"),
    ):
        session.change("step", change(draft_of(session)))
        texts.append([s.text for s in draft_of(session).sentences()])
    assert len({tuple(t) for t in texts}) == 4
    for expected in reversed(texts[:-1]):
        session.undo()
        assert [s.text for s in draft_of(session).sentences()] == expected
    with pytest.raises(StepError, match="NOTHING_TO_UNDO"):
        session.undo()
    for expected in texts[1:]:
        session.redo()
        assert [s.text for s in draft_of(session).sentences()] == expected
    with pytest.raises(StepError, match="NOTHING_TO_REDO"):
        session.redo()


def test_a_change_after_undo_forgets_what_was_undone(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    session.change("a", draft_of(session).confirm("s1"))
    session.undo()
    session.change("b", draft_of(session).remove("s1"))
    with pytest.raises(StepError, match="NOTHING_TO_REDO"):
        session.redo()


def test_undo_of_a_review_returns_to_draft_and_every_step_is_on_disk(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    for key in ("s1", "s2", "s3"):
        session.change("confirm", draft_of(session).confirm(key))
    session.change("review", draft_of(session).review())
    assert draft_of(session).status is DraftStatus.REVIEWED
    session.undo()
    assert draft_of(session).status is DraftStatus.DRAFT
    saved = session.store.load(draft_of(session).sop_instance_uid, draft_of(session).pixel_sha256)
    assert saved == draft_of(session)


def test_an_export_cannot_be_undone(tmp_path: Path) -> None:
    draft = make_draft(make_analysis(make_radiograph(tmp_path)))
    for sentence in list(draft.sentences()):
        draft = draft.confirm(sentence.key)
    history = DraftHistory(draft.review())
    history.settle(history.current.exported())
    assert history.undo_name == ""
    with pytest.raises(DraftError):
        history.undo()


def test_drafts_and_analyses_of_another_image_are_refused(session: Session, tmp_path: Path) -> None:
    key = show_analysed(session, tmp_path)
    before = draft_of(session)
    other = make_analysis(make_radiograph(tmp_path, "b.dcm"))
    with pytest.raises(InferenceError, match="WRONG_IMAGE"):
        session.set_result(key, AnalysisResult(other, make_draft(other)), session.images[key].radiograph.pixel_sha256)  # type: ignore[union-attr]
    with pytest.raises(DraftError, match="WRONG_IMAGE"):
        session.change("x", make_draft(other))
    assert draft_of(session) == before


def test_a_sentence_shows_its_maps_and_a_negative_one_none(session: Session, tmp_path: Path) -> None:
    key = show_analysed(session, tmp_path)
    analysis = session.images[key].analysis
    assert analysis is not None
    session.select(Selection(sentence_key="s1"))
    assert session.overlay.visible == {3, 5}
    session.select(Selection(sentence_key="s2"))
    assert session.overlay.visible == frozenset()
    assert maps_of(draft_of(session).find("s3"), analysis) == (5,)
    assert sentences_of((5,), draft_of(session)) == ("s1", "s3")
    assert sentences_of((9,), draft_of(session)) == ("s2",)


def test_the_maps_follow_the_claims_of_the_selected_sentence(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    session.select(Selection(sentence_key="s1"))
    session.change("edit", draft_of(session).edit("s1", "No effusion."))
    assert session.overlay.visible == frozenset()
    session.undo()
    assert session.overlay.visible == {3, 5}
    session.redo()
    assert session.overlay.visible == frozenset()
    session.undo()
    session.change("remove", draft_of(session).remove("s1"))
    assert session.overlay.visible == frozenset() and session.selection == Selection()


def test_maps_switched_by_hand_stay_while_the_claims_do(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    session.select(Selection(sentence_key="s3"))
    session.set_overlay(session.overlay.show((3,)))
    session.change("confirm", draft_of(session).confirm("s3"))
    session.change("edit another", draft_of(session).edit("s1", "Mine."))
    assert session.overlay.visible == {3}
    session.change("edit", draft_of(session).edit("s3", "Mine."))
    assert session.overlay.visible == {3}


def test_choosing_a_sentence_again_shows_its_maps_again(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    told: list[Selection] = []
    session.selection_changed.connect(told.append)
    session.select(Selection(sentence_key="s1"))
    session.set_overlay(session.overlay.show((9,)))
    session.select(Selection(sentence_key="s1"))
    assert session.overlay.visible == {3, 5} and len(told) == 1


def test_removing_the_selected_sentence_lets_go_of_it(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    session.select(Selection(sentence_key="s1"))
    session.change("remove", draft_of(session).remove("s1"))
    assert session.selection == Selection()


def test_another_image_starts_without_maps_and_selection(session: Session, tmp_path: Path) -> None:
    first = show_analysed(session, tmp_path)
    session.select(Selection(sentence_key="s1"))
    second = show_analysed(session, tmp_path, "b.dcm")
    assert (session.overlay.visible, session.selection) == (frozenset(), Selection())
    session.step(-1)
    assert session.current_key == first
    session.step(-1)
    assert session.current_key == first
    session.step(5)
    assert session.current_key == second


def test_a_draft_comes_back_as_it_was_left(session: Session, tmp_path: Path) -> None:
    key = show_analysed(session, tmp_path)
    session.change("edit", draft_of(session).edit("s1", "Übernommen: small effusion."))
    again = Session(session.store)
    assert show_analysed(again, tmp_path) == key
    assert draft_of(again).find("s1").text == "Übernommen: small effusion."
    assert again.images[key].restored


def test_nothing_is_saved_until_something_changes(session: Session, tmp_path: Path) -> None:
    show_analysed(session, tmp_path)
    assert not session.store.folder.exists()


def test_file_names_of_drafts_tell_no_identity_and_nothing_lies_beside_the_image(
    session: Session, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    show_analysed(session, images)
    session.change("confirm", draft_of(session).confirm("s1"))
    (path,) = session.store.folder.iterdir()
    assert draft_of(session).sop_instance_uid not in path.name and "TEST" not in path.name
    assert [p.name for p in images.iterdir()] == ["a.dcm"]


@pytest.mark.parametrize(
    "other",
    [{"pack_version": "0.0.9"}, {"pack_name": "chest"}, {"pack_sha256": "f" * 64}, {"pack_sha256": ""}],
)
def test_a_draft_of_another_pack_is_kept_aside_and_told(
    session: Session, tmp_path: Path, other: dict[str, str]
) -> None:
    show_analysed(session, tmp_path)
    old = replace(draft_of(session), **other).confirm("s1")  # type: ignore[arg-type]
    session.store.save(old)
    told: list[Problem] = []
    again = Session(session.store)
    again.noticed.connect(told.append)
    show_analysed(again, tmp_path)
    assert [p.code for p in told] == ["DRAFT_OTHER_PACK"]
    assert draft_of(again).pack == ("toy", "0.1.0", PACK_SHA256) and not again.images[next(iter(again.images))].restored
    assert draft_of(again).find("s1").state == "unconfirmed"
    (kept,) = session.store.folder.glob("*.kept")
    assert json.loads(kept.read_text())["draft"].items() >= other.items()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 99}', '{"schema_version": 1, "draft": {}}'])
def test_a_damaged_draft_is_told_and_survives_the_next_save(tmp_path: Path, content: str) -> None:
    draft = make_draft(make_analysis(make_radiograph(tmp_path)))
    store = DraftStore(tmp_path / "drafts")
    path = store.save(draft)
    for number in range(2):
        path.write_text(content)
        with pytest.raises(DraftFileError, match="DRAFT_UNREADABLE") as error:
            store.load(draft.sop_instance_uid, draft.pixel_sha256)
        kept = path.with_suffix(f".unreadable{number or ''}.kept")
        assert str(kept) in error.value.hint
        store.save(draft)
        assert kept.read_text() == content
    assert store.load(draft.sop_instance_uid, draft.pixel_sha256) == draft


def test_a_damaged_draft_that_cannot_be_renamed_is_never_saved_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = make_draft(make_analysis(make_radiograph(tmp_path)))
    store = DraftStore(tmp_path / "drafts")
    path = store.save(draft)
    path.write_text("{")

    def refuse(*_arguments: object) -> None:
        raise PermissionError(1, "no")

    monkeypatch.setattr("viewer.state.image_files.put_aside", refuse)
    with pytest.raises(DraftFileError, match="DRAFT_UNREADABLE"):
        store.load(draft.sop_instance_uid, draft.pixel_sha256)
    with pytest.raises(DraftFileError, match="DRAFT_NOT_SAVED"):
        store.save(draft)
    assert path.read_text() == "{"


def test_a_draft_that_cannot_be_saved_is_told(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    session = Session(DraftStore(tmp_path / "blocked"))
    told: list[Problem] = []
    session.noticed.connect(told.append)
    show_analysed(session, tmp_path)
    # Loading looks below the file, finds nothing, and says nothing.
    assert told == []
    session.change("confirm", draft_of(session).confirm("s1"))
    assert [p.code for p in told] == ["DRAFT_NOT_SAVED"]
    assert draft_of(session).find("s1").state == "confirmed"


def test_pixels_of_images_unused_for_long_are_released_but_never_of_the_one_shown(
    session: Session, tmp_path: Path
) -> None:
    keys = [show_analysed(session, tmp_path, f"{n}.dcm") for n in range(KEEP_PIXELS + 3)]
    held = [key for key in keys if session.images[key].radiograph is not None]
    assert len(held) <= KEEP_PIXELS
    assert keys[-1] in held and keys[0] not in held
    released = session.images[keys[0]]
    assert released.load is Load.WAITING and released.identity is not None and released.history is not None


def test_opening_a_file_twice_opens_it_once(session: Session, tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path)
    assert session.add([radiograph.source]) == session.add([radiograph.source, radiograph.source])[:1]
    assert len(session.images) == 1


def test_overlay_settings() -> None:
    settings = OverlaySettings().switch((4, 6), True).switch((5,), True).switch((4,), False)
    assert settings.visible == {5, 6}
    assert settings.with_opacity(7.0).opacity == 1.0
    assert settings.with_threshold(1.0).threshold == 0.95
    assert len(set(PALETTE)) == len(PALETTE)
