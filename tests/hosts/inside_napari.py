"""What `test_napari.py` runs in napari, on a virtual screen with OpenGL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import napari
import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from npe2 import PluginManager, PluginManifest
from PIL import Image
from PySide6.QtWidgets import QApplication

from engine.inference.heat_scale import FULL_SCALE
from tests.viewer.factories import FakeEngine, write_dicom
from viewer.hosts.napari.docks import DraftDock, FeatureDock
from viewer.hosts.napari.host import Host
from viewer.state.selection import Selection
from viewer.tasks import running

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "saerad-workstation"


@pytest.fixture(scope="session", autouse=True)
def manifest() -> PluginManifest:
    """The plug-in as this checkout has it, whatever is installed."""
    found = PluginManifest.from_file(REPOSITORY / "viewer" / "hosts" / "napari" / "napari.yaml")
    manager = PluginManager.instance()
    if NAME in manager:
        manager.unregister(NAME)
    manager.register(found)
    return found


class Engine(FakeEngine):
    """One whose pack can be chosen."""

    pack: str | None = None


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="session")
def shown(qapp: QApplication) -> Iterator[napari.Viewer]:
    """One viewer for all tests: making one takes seconds."""
    made = napari.Viewer(show=True)
    yield made
    made.close()


@pytest.fixture
def viewer(shown: napari.Viewer) -> napari.Viewer:
    """The viewer without layers."""
    shown.layers.clear()
    notification_manager.records.clear()
    return shown


@pytest.fixture
def docks(viewer: napari.Viewer, engine: Engine, tmp_path: Path, qtbot: Any) -> Iterator[tuple[FeatureDock, DraftDock]]:
    """Both dock widgets, as a person opens them, on an engine of the tests."""
    host = Host(viewer, engine, tmp_path / "drafts")  # type: ignore[arg-type]
    Host.attach(viewer, host)
    _, features = viewer.window.add_plugin_dock_widget(NAME, "SAE-Rad features")
    _, draft = viewer.window.add_plugin_dock_widget(NAME, "SAE-Rad draft report")
    yield features, draft
    host.close()
    viewer.window.remove_dock_widget("all")
    until(qtbot, lambda: running() == 0, timeout=20000)


Open = Callable[..., Any]


@pytest.fixture
def opened(viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], tmp_path: Path, qtbot: Any) -> Open:
    """Open a synthetic file with the plug-in's reader and wait for its analysis; returns its layer."""

    def open_file(name: str, wait: bool = True, **tags: Any) -> Any:
        path = write_dicom(tmp_path / f"{name}.dcm", tags.pop("pixels", None), **tags)
        (layer,) = viewer.open(str(path), plugin=NAME)
        session = docks[0].host.session
        if wait:
            until(qtbot, lambda: session.current is not None and session.current.analysis is not None)
            key = session.current_key
            if session.current.analysis.maps:
                until(qtbot, lambda: key in docks[0].host.controller.maps)
        return layer

    return open_file


def until(qtbot: Any, condition: Callable[[], bool], timeout: int = 30000) -> None:
    """Wait longer than a machine with other work needs."""
    qtbot.waitUntil(condition, timeout=timeout)


def told() -> str:
    return "\n".join(str(record.message) for record in notification_manager.records)


def switch_on(dock: FeatureDock, number: int = 0) -> tuple[int, ...]:
    """Switch a map on as its row does."""
    image = dock.host.session.current
    assert image is not None and image.analysis is not None
    ids = image.groups[number].mapped(image.analysis)
    dock.panel.switched.emit(ids, True)
    return ids


def test_the_manifest_is_valid(manifest: PluginManifest) -> None:
    manifest.validate_imports()
    assert manifest.name == NAME


def test_a_file_that_is_cut_off_is_refused_in_words(
    viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], tmp_path: Path
) -> None:
    path = write_dicom(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Exception, match=r"\[PIXELS_TRUNCATED\]"):
        viewer.open(str(path), plugin=NAME)
    assert len(viewer.layers) == 0 and docks[0].panel.rows == []


def test_features_and_draft_arrive_while_napari_goes_on(
    viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], opened: Open, engine: Engine, qtbot: Any
) -> None:
    features, draft = docks
    engine.gate.clear()
    layer = opened("a", wait=False, ImagerPixelSpacing=["0.2", "0.25"])
    assert list(layer.scale) == [0.2, 0.25] and [str(unit) for unit in layer.units] == ["millimeter"] * 2
    assert "Analysing…" in features.verdict.text() and "at detector" in features.verdict.text()
    until(qtbot, lambda: not features.progress.isHidden())
    assert features.panel.rows == [] and draft.panel.rows == []
    engine.gate.set()
    until(qtbot, lambda: bool(features.panel.rows) and bool(draft.panel.rows))
    assert "Suitable" in features.verdict.text() and features.progress.isHidden()
    assert features.strip.isVisible() and draft.strip.isVisible()


def test_maps_lie_on_their_image_on_the_fixed_scale(
    viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], opened: Open
) -> None:
    features, _ = docks
    image = opened("a", ImagerPixelSpacing=["0.2", "0.25"])
    switch_on(features)
    (heat,) = features.host.maps.layers
    assert tuple(heat.contrast_limits) == (0.0, FULL_SCALE) and viewer.layers.selection.active is image
    assert viewer.layers.index(heat) == viewer.layers.index(image) + 1
    rows, columns = heat.data.shape
    assert np.allclose(heat.data_to_world((-0.5, -0.5)), image.data_to_world((-0.5, -0.5)))
    ends = heat.data_to_world((rows - 0.5, columns - 0.5)), image.data_to_world(np.array(image.data.shape) - 0.5)
    assert np.allclose(*ends)
    heat.contrast_limits = (0.0, 1.0)
    assert tuple(heat.contrast_limits) == (0.0, FULL_SCALE)
    image.translate, image.rotate = (30.0, -4.0), 20.0
    assert np.allclose(heat.data_to_world((-0.5, -0.5)), image.data_to_world((-0.5, -0.5)))
    image.visible = False
    assert not heat.visible and features.host.session.overlay.visible
    image.visible = True
    heat.opacity = 0.25
    group = features.host.session.current.groups[0]
    assert features.host.session.overlay.look(group).opacity == pytest.approx(0.25 / 0.6) and heat.opacity == 0.25
    features.panel.opacity.setValue(30)
    assert heat.opacity == pytest.approx(0.3 * 0.25 / 0.6)
    features.panel.threshold.setValue(50)
    assert heat.colormap.colors[100, 3] == 0.0 and heat.colormap.colors[-1, 3] == 1.0
    heat.visible = False
    assert features.host.maps.layers == [] and not features.host.session.overlay.visible
    switch_on(features)
    viewer.layers.remove(features.host.maps.layers[0])
    assert features.host.maps.layers == [] and not features.host.session.overlay.visible


def test_muting_takes_the_map_away_and_the_draft_says_so(docks: tuple[FeatureDock, DraftDock], opened: Open) -> None:
    features, draft = docks
    opened("a")
    switch_on(features)
    session = features.host.session
    for group in session.current.groups:
        features.panel.look.mute_wanted.emit(group)
    assert features.host.maps.layers == [] and features.panel.title.text().endswith("3 muted")
    assert [row.muted.isHidden() for row in draft.panel.rows] == [False] * 3
    features.panel.look.mute_wanted.emit(session.current.groups[-1])
    assert [row.muted.isHidden() for row in draft.panel.rows] == [False, True, False]


def test_an_image_above_hides_the_maps_of_the_one_below(
    viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], opened: Open
) -> None:
    image = opened("a")
    switch_on(docks[0], 0)
    switch_on(docks[0], 1)
    other = viewer.add_image(np.zeros((120, 100), np.float32))
    viewer.layers.selection.active = image
    switch_on(docks[0])
    assert viewer.layers.index(docks[0].host.maps.layers[0]) == viewer.layers.index(image) + 1
    viewer.layers.move(viewer.layers.index(image), len(viewer.layers))
    names = [layer.name for layer in viewer.layers]
    assert names[-2:] == [image.name, docks[0].host.maps.layers[0].name] and other.name == names[0]


def test_nothing_of_one_image_stands_beside_another(
    viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], opened: Open, engine: Engine, qtbot: Any
) -> None:
    features, draft = docks
    first = opened("a")
    switch_on(features)
    assert "a.dcm" in draft.verdict.text() and draft.panel.rows
    viewer.add_image(np.zeros((120, 100), np.float32), name="not ours")
    assert features.host.maps.layers == [] and features.panel.rows == [] and draft.panel.rows == []
    assert "opened with SAE-Rad" in features.verdict.text() and not viewer.canvas.overlays.text.visible
    engine.gate.clear()
    opened("b", wait=False)
    viewer.layers.selection.active = first
    assert "a.dcm" in features.verdict.text() and draft.panel.rows
    engine.gate.set()
    until(qtbot, lambda: len(engine.analysed) == 2 and running() == 0)
    assert "a.dcm" in features.verdict.text() and features.host.session.current_key.endswith("a.dcm")
    viewer.add_labels(np.zeros((120, 100), int))
    assert "a.dcm" in features.verdict.text()
    viewer.layers.remove(first)
    assert features.panel.rows == [] and draft.panel.rows == []


def test_pixels_that_were_changed_get_no_results(
    viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], opened: Open
) -> None:
    layer = opened("a")
    switch_on(docks[0])
    with pytest.raises(ValueError, match="read-only"):
        layer.data[0, 0] = 1.0
    layer.data = layer.data + 1.0
    assert "not those of its file" in docks[0].verdict.text() and docks[0].host.maps.layers == []
    assert docks[1].panel.rows == []


def test_a_refusal_is_shown(docks: tuple[FeatureDock, DraftDock], opened: Open) -> None:
    opened("knee", BodyPartExamined="KNEE")
    for dock in docks:
        assert "REFUSED" in dock.verdict.text() and dock.verdict.property("tone") == "refused"
    assert docks[0].panel.rows == [] and docks[1].panel.rows == []


def test_a_model_that_fails_is_told(
    docks: tuple[FeatureDock, DraftDock], opened: Open, engine: Engine, qtbot: Any
) -> None:
    engine.fail = ValueError("no model today")
    opened("a", wait=False)
    until(qtbot, lambda: "NOT ANALYSED" in docks[0].verdict.text())
    assert "No model today" in docks[0].verdict.text() and docks[1].panel.rows == []


def test_the_words_on_the_canvas_stay(viewer: napari.Viewer, opened: Open) -> None:
    opened("a")
    overlay = viewer.canvas.overlays.text
    overlay.visible = False
    overlay.text = "all is well"
    overlay.opacity = 0.0
    assert (overlay.visible, overlay.opacity) == (True, 1.0) and "Research use only" in overlay.text


def test_the_draft_is_edited_taken_back_and_kept(docks: tuple[FeatureDock, DraftDock], opened: Open) -> None:
    opened("a")
    draft, session = docks[1], docks[1].host.session
    key = draft.panel.rows[0].sentence.key
    draft.panel.sentence_confirmed.emit(key)
    assert session.draft.find(key).state == "confirmed" and draft.undo.isEnabled()
    draft.panel.sentence_removed.emit(key)
    draft.undo.click()
    assert session.draft.find(key).state == "confirmed"
    assert session.store.load(session.draft.sop_instance_uid, session.draft.pixel_sha256) == session.draft
    draft.panel.review_wanted.emit()
    assert "UNCONFIRMED" in told()


def test_another_pack_analyses_the_image_anew(
    docks: tuple[FeatureDock, DraftDock], opened: Open, engine: Engine, qtbot: Any
) -> None:
    opened("a")
    packs = docks[0].packs
    until(qtbot, lambda: packs.count() > 0)
    assert packs.currentText().startswith("demo ") and len(engine.analysed) == 1
    packs.addItem("other", "/packs/other")
    packs.setCurrentIndex(packs.count() - 1)
    packs.activated.emit(packs.count() - 1)
    until(qtbot, lambda: len(engine.analysed) == 2)
    assert engine.pack == "/packs/other"


def test_a_dock_that_is_closed_and_opened_again_shows_the_same(
    viewer: napari.Viewer, docks: tuple[FeatureDock, DraftDock], opened: Open
) -> None:
    opened("a")
    viewer.window.remove_dock_widget(docks[1])
    docks[1].deleteLater()
    key = docks[0].host.session.draft.waiting[0].key
    docks[0].host.session.select(Selection(sentence_key=key))
    _, again = viewer.window.add_plugin_dock_widget(NAME, "SAE-Rad draft report")
    assert again.host is docks[0].host and again.panel.rows


def test_the_demo_image_with_the_demo_pack(viewer: napari.Viewer, tmp_path: Path, qtbot: Any) -> None:
    """Draws the picture of the docs where ``SAERAD_NAPARI_PICTURE`` names a file for it."""
    host = Host(viewer, drafts=tmp_path / "drafts")
    Host.attach(viewer, host)
    viewer.window.resize(1600, 1040)
    for name in ("SAE-Rad features", "SAE-Rad draft report"):
        viewer.window.add_plugin_dock_widget(NAME, name)
    host.open(REPOSITORY / "resources" / "demo" / "01_chest_pa.dcm")
    until(qtbot, lambda: host.session.current_key in host.controller.maps, timeout=120000)
    draft = host.session.draft
    assert draft is not None
    sentence = next(s for s in draft.sentences() if any(claim.has_place for claim in s.claims))
    host.session.select(Selection(sentence_key=sentence.key))
    assert host.maps.layers and viewer.layers[0].name == "01_chest_pa.dcm"
    viewer.reset_view()
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    assert (np.ptp(picture, axis=-1) > 40).any(), "no colour on the canvas"
    if wanted := os.environ.get("SAERAD_NAPARI_PICTURE"):
        qtbot.wait(500)
        Image.fromarray(viewer.screenshot(canvas_only=False, flash=False)[..., :3]).save(wanted)
    host.close()
    viewer.window.remove_dock_widget("all")
