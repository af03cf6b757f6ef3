"""Archives in the viewer: ask, fetch with progress and a way to stop, open, declare, send."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keyring
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton

from engine.errors import Cancelled, NetworkError
from engine.network.nodes import DimseNode, Nodes, WebNode, load_nodes
from engine.network.peer import Peer
from engine.network.query import Match, Query
from engine.network.retrieve import Retrieved
from engine.network.store import Outgoing, Sent, read_outgoing
from tests.engine.network.orthanc import running
from tests.engine.network.test_orthanc import Keyring
from tests.viewer.factories import FakeEngine, write_dicom
from tests.viewer.looking import Open, message
from viewer.controller import Controller
from viewer.pacs import services
from viewer.pacs.nodes_dialog import NodesDialog
from viewer.pacs.query_dialog import QueryDialog
from viewer.report.export_dialog import ExportDialog
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.studies.index import StudyIndex
from viewer.tasks import running as running_tasks
from viewer.window import MainWindow

PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
NODES = '[nodes.pacs]\nkind = "dimse"\nhost = "pacs.example"\nport = 104\nae_title = "PACS"\n'


class Archive:
    """Two studies; a retrieval can be held up until `go`."""

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.sent: list[str] = []
        self.fails, self.failed = "", 0
        self.go = threading.Event()
        self.go.set()

    def echo(self) -> None:
        self._fail()

    def find(self, query: Query, cancelled: Callable[[], bool]) -> list[Match]:
        assert not cancelled()
        self.asked.append(query)
        self._fail()
        if query.level == "series":
            series = {"StudyInstanceUID": query.keys["study"], "SeriesNumber": "1", "Modality": "DX"}
            return [Match("series", series | {"SeriesInstanceUID": f"{query.keys['study']}.1"})]
        return [
            Match("study", {"StudyInstanceUID": f"1.2.{n}", "PatientName": "Miller^Anna", "StudyDate": f"2026010{n}"})
            for n in (1, 2)
        ]

    def retrieve(
        self, folder: Path, study: str, series: str, *, progress: Callable[[int, int], None], cancelled: Any
    ) -> Retrieved:
        self._fail()
        while not self.go.wait(0.02):
            progress(0, 2)
            if cancelled():
                raise Cancelled
        folder.mkdir(parents=True)
        paths = [write_dicom(folder / f"{study}.{number}.dcm") for number in range(2)]
        paths.append(write_dicom(folder / "map.dcm", SOPClassUID=PARAMETRIC_MAP))
        progress(2, 2)
        return Retrieved(tuple(paths), self.failed)

    def send(self, files: Sequence[Outgoing], told: Callable[[Sent], None], cancelled: Any) -> list[Sent]:
        assert not cancelled()
        outcomes = [Sent(file.path, file.uid, self.fails or "OK", "no room") for file in files]
        for sent in outcomes:
            self.sent.append(sent.path.name)
            told(sent)
        return outcomes

    def _fail(self) -> None:
        if self.fails:
            raise NetworkError(self.fails, "PACS cannot be reached", "check the network")


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "nodes.toml"
    path.write_text(NODES, encoding="utf-8")
    monkeypatch.setenv("SAERAD_NODES", str(path))
    monkeypatch.setenv("SAERAD_DATA_DIR", str(tmp_path / "data"))
    return path


@pytest.fixture
def archive(nodes: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    found = Archive()
    monkeypatch.setattr(services, "_peer", lambda _node: found)
    return found


@pytest.fixture
def held() -> Iterator[Keyring]:
    before, made = keyring.get_keyring(), Keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def query_dialog(window: MainWindow) -> QueryDialog:
    window.actions_by_id["query_archives"].trigger()
    (dialog,) = window.findChildren(QueryDialog)
    return dialog


def settle(qtbot: Any, dialog: QueryDialog | NodesDialog) -> None:
    qtbot.waitUntil(lambda: not dialog._errands.busy, timeout=10000)


def test_a_study_is_found_fetched_and_opened(window: MainWindow, archive: Archive, qtbot: Any, tmp_path: Path) -> None:
    dialog = query_dialog(window)
    assert dialog.node.currentText() == "pacs" and not dialog.retrieve.isEnabled()
    dialog.filters.name.setText("Miller, A")
    dialog.filters.patient_id.setText("4711")
    dialog.filters.period.setCurrentIndex(1)
    qtbot.keyClick(dialog.filters.name, Qt.Key.Key_Return)
    settle(qtbot, dialog)
    (asked,) = archive.asked
    assert asked.keys["name"] == "Miller^A*" and asked.keys["patient_id"] == "4711"
    assert len(asked.keys["date"]) == 9 and "modality" not in asked.keys
    first = dialog.results.topLevelItem(0)
    assert [first.text(column) for column in (0, 2)] == ["Miller, Anna", "2026-01-02"], "the newest first"
    first.setExpanded(True)
    settle(qtbot, dialog)
    assert first.childCount() == 1 and first.child(0).text(0) == "Series 1"
    dialog.results.setCurrentItem(first.child(0))
    assert [(one.study, one.series) for one in dialog.results.chosen()] == [("1.2.2", "1.2.2.1")]
    dialog.results.setCurrentItem(first)
    dialog.retrieve.click()
    folder = tmp_path / "data" / "retrieved" / "1.2.2"
    qtbot.waitUntil(lambda: len(window.session.images) == 2, timeout=10000)
    assert {Path(key).parent for key in window.session.images} == {folder.resolve()}
    assert window.findChildren(QueryDialog) == []


def test_a_retrieval_shows_how_far_it_is_and_can_be_stopped(window: MainWindow, archive: Archive, qtbot: Any) -> None:
    dialog = query_dialog(window)
    dialog.search.click()
    settle(qtbot, dialog)
    archive.go.clear()
    dialog.results.selectAll()
    dialog.retrieve.click()
    qtbot.waitUntil(lambda: dialog.telling.text.text() == "0 of 2 objects", timeout=5000)
    assert dialog.telling.stop.isVisible() and not dialog.search.isEnabled() and dialog.filters.name.isEnabled()
    dialog.telling.stop.click()
    assert dialog.telling.text.text() == "Stopped" and dialog.search.isEnabled()
    archive.go.set()
    dialog.reject()
    assert window.session.images == {}


def test_what_goes_wrong_is_told_with_its_code(window: MainWindow, archive: Archive, qtbot: Any) -> None:
    archive.fails = "NODE_UNREACHABLE"
    dialog = query_dialog(window)
    dialog.search.click()
    settle(qtbot, dialog)
    told = dialog.telling.text
    assert told.text() == "[NODE_UNREACHABLE] PACS cannot be reached. Check the network."
    assert told.property("tone") == "refused"
    archive.fails = ""
    dialog.search.click()
    settle(qtbot, dialog)
    assert told.text() == "2 studies" and told.property("tone") == ""
    archive.failed = 3
    dialog.retrieve.click()
    qtbot.waitUntil(lambda: len(window.session.images) == 2, timeout=10000)
    assert "[NOT_RETRIEVED]" in message(window).text() and "3" in message(window).text()


def test_without_an_archive_the_dialog_says_where_to_declare_one(window: MainWindow, nodes: Path, qtbot: Any) -> None:
    nodes.write_text("", encoding="utf-8")
    dialog = query_dialog(window)
    assert "No archive is declared" in dialog.telling.text.text() and not dialog.search.isEnabled()
    nodes.write_text("[nodes.pacs]\nport = 0\n", encoding="utf-8")
    dialog._list_nodes()
    assert "[NODES_FILE]" in dialog.telling.text.text()


def test_an_archive_is_declared_changed_tried_and_removed(
    window: MainWindow, archive: Archive, held: Keyring, nodes: Path, qtbot: Any
) -> None:
    dialog = NodesDialog(window)
    dialog.show()
    form = dialog.form
    dialog.add.click()
    form.kind.setCurrentIndex(1)
    form.auth.setCurrentIndex(1)
    assert form.user.isVisible() and form.secret.isVisible() and not form.ae_title.isVisible()
    form.name.setText("web")
    form.url.setText("ftp://pacs.example")
    form.user.setText("reader")
    form.secret.setText("hush")
    dialog.save.click()
    assert "[NODE_FIELDS]" in dialog.telling.text.text() and "web" not in load_nodes().nodes
    form.url.setText("https://pacs.example/dicom-web")
    dialog.test.click()
    qtbot.waitUntil(lambda: dialog.telling.text.text() == "web answers and lets us in", timeout=10000)
    web = load_nodes().nodes["web"]
    assert isinstance(web, WebNode) and web.user == "reader" and form.secret.text() == ""
    assert held.held == {("saerad node", "web"): "hush"} and "hush" not in nodes.read_text(encoding="utf-8")
    form.name.setText("other")
    dialog.save.click()
    settle(qtbot, dialog)
    assert list(load_nodes().nodes) == ["pacs", "other"] and held.held == {("saerad node", "other"): "hush"}
    archive.fails = "NODE_AUTH"
    dialog.test.click()
    qtbot.waitUntil(lambda: "[NODE_AUTH]" in dialog.telling.text.text(), timeout=10000)
    dialog.remove.click()
    (box,) = dialog.findChildren(QMessageBox)
    next(button for button in box.findChildren(QPushButton) if button.text() == "Remove").click()
    settle(qtbot, dialog)
    assert list(load_nodes().nodes) == ["pacs"] and held.held == {}
    dialog.reject()


def test_fields_show_what_the_file_says_and_what_we_call_ourselves(window: MainWindow, nodes: Path, qtbot: Any) -> None:
    nodes.write_text(NODES + 'retrieve = "move"\ntls = { ca = "ca.pem" }\n', encoding="utf-8")
    dialog = NodesDialog(window)
    dialog.show()
    assert dialog.form.ae_title.text() == "SAERAD" and not dialog.form.name.isVisible()
    dialog.form.ae_title.setText("WS1")
    dialog.form.port.setValue(4000)
    dialog.save.click()
    settle(qtbot, dialog)
    dialog.list.setCurrentRow(1)
    node = dialog.form.node()
    assert node == Nodes.model_validate({"nodes": {"pacs": node.model_dump()}}).nodes["pacs"]
    assert isinstance(node, DimseNode) and node.retrieve == "move" and node.tls is not None and node.tls.ca == "ca.pem"
    assert (load_nodes().local.ae_title, load_nodes().local.port) == ("WS1", 4000)
    dialog.reject()


def test_an_export_is_sent_to_an_archive(
    window: MainWindow, archive: Archive, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    (key,) = opened(a={})
    folder = Path(key).parent.parent
    written = [write_dicom(folder / "report.dcm"), folder / "report.txt"]
    engine.export = lambda _order, _control: written  # type: ignore[method-assign]

    def export(ticked: bool) -> None:
        window.commands.export()
        dialog = next(d for d in window.findChildren(ExportDialog) if d.isVisible())
        dialog.folder.setText(str(folder / "out"))
        dialog.send.setChecked(ticked)
        dialog.accept()
        qtbot.waitUntil(lambda: not window.controller.busy, timeout=10000)

    export(False)
    assert archive.sent == []
    export(True)
    qtbot.waitUntil(lambda: "1 of 1 objects are in pacs" in window.statusBar().currentMessage(), timeout=10000)
    assert archive.sent == ["report.dcm"]
    archive.fails = "NODE_BUSY"
    export(True)
    qtbot.waitUntil(lambda: bool([b for b in window.findChildren(QMessageBox) if b.isVisible()]), timeout=10000)
    assert "[NODE_BUSY]" in message(window).text() and "report.dcm" in message(window).text()


@pytest.mark.usefixtures("dark", "decoder")
def test_a_study_of_a_real_archive_opens_and_is_in_the_index(
    qtbot: Any, engine: FakeEngine, nodes: Path, tmp_path: Path
) -> None:
    index = StudyIndex(tmp_path / "index.sqlite", tmp_path / "thumbnails")
    session = Session(DraftStore(tmp_path / "drafts"))
    window = MainWindow(session, Controller(session, engine, index))  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.show()
    source = write_dicom(tmp_path / "a.dcm", PatientName="Real^Archive", StudyInstanceUID="1.2.826.0.1.3680043.10.77")
    with running(tmp_path / "orthanc") as orthanc:
        orthanc.nodes(nodes)
        Peer(load_nodes(), "pacs").send([read_outgoing(source)])
        dialog = query_dialog(window)
        dialog.filters.name.setText("real")
        dialog.search.click()
        settle(qtbot, dialog)
        dialog.retrieve.click()
        qtbot.waitUntil(lambda: len(session.images) == 1, timeout=20000)
    (study,) = index.catalog.studies()
    assert study.name == "Real, Archive" and study.images == 1
    window.close()
    qtbot.waitUntil(lambda: running_tasks() == 0, timeout=10000)
