"""A polled archive gives each new radiograph once, whatever fails in between."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import keyring
import pytest

from engine.errors import NetworkError
from engine.inference.analyzer import Analyzer
from engine.network.find import Cancel
from engine.network.nodes import load_nodes
from engine.network.peer import Peer
from engine.network.query import Match, Query
from engine.network.retrieve import Retrieved
from engine.network.store import read_outgoing
from engine.pack.library import load_pack
from engine.service.inbox import Inbox
from engine.service.poll import Poll, PollSettings
from engine.service.serve import Service, ServiceSettings
from engine.service.sqlite_queue import SQLiteQueue
from tests.engine.network.orthanc import PASSWORD, running
from tests.engine.network.test_orthanc import Keyring
from tests.engine.pictures import write_dicom
from tests.engine.service.test_serve import series_of

TODAY = f"{date.today():%Y%m%d}"


class Archive:
    """Studies of one series and its images; counts what it was asked for."""

    name = "web"

    def __init__(self, folder: Path) -> None:
        self.images: dict[str, dict[str, Path]] = {}
        self.modality = dict[str, str]()
        self.asked, self.fetched = Counter[str](), Counter[str]()
        self.fails: Callable[[str], str] = lambda _what: ""
        self._folder = folder

    def add(self, study: str, number: int, modality: str = "DX") -> str:
        uid = f"{study}.1.{number}"
        path = self._folder / f"{uid}.dcm"
        write_dicom(path, StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1", SOPInstanceUID=uid)
        self.images.setdefault(study, {})[uid] = path
        self.modality[study] = modality
        return uid

    def find(self, query: Query, cancelled: Cancel) -> list[Match]:
        assert not cancelled()
        self.asked[query.level] += 1
        self._fail(query.level)
        if query.level == "study":
            since = query.keys["date"].removesuffix("-")
            assert since <= TODAY
            return [
                Match("study", {"StudyInstanceUID": uid, "NumberOfStudyRelatedInstances": str(len(images))})
                for uid, images in self.images.items()
                if self.modality[uid] == query.keys["modality"]
            ]
        study = query.keys["study"]
        series = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1"}
        if query.level == "series":
            ours = series | {"SeriesInstanceUID": f"{study}.9", "Modality": "SR"}
            return [Match("series", series | {"Modality": self.modality[study]}), Match("series", ours)]
        return [Match("image", series | {"SOPInstanceUID": uid}) for uid in self.images[study]]

    def retrieve(self, folder: Path, study: str, _series: str, image: str, *, cancelled: Cancel) -> Retrieved:
        assert not cancelled()
        self.fetched[image] += 1
        self._fail(image)
        folder.mkdir(exist_ok=True)
        path = folder / f"{image}.dcm"
        path.write_bytes(self.images[study][image].read_bytes())
        return Retrieved((path,), 0)

    def _fail(self, what: str) -> None:
        if code := self.fails(what):
            raise NetworkError(code, "it is away")


class House:
    def __init__(self, folder: Path, peer: object, most: int = 99) -> None:
        self.queue = SQLiteQueue(folder, "pack")
        self.inbox = Inbox(folder, self.queue, most, 0)
        self.poll = Poll(folder, self.queue, self.inbox, PollSettings(cast(Peer, peer), every=0.05))

    def taken(self) -> set[str]:
        return {path.stem for path in self.inbox.folder.iterdir()}

    def close(self) -> None:
        self.poll.close()
        self.queue.close()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    (tmp_path / "there").mkdir()
    return Archive(tmp_path / "there")


def test_each_radiograph_is_fetched_once_and_a_study_asked_again_only_when_it_grew(
    archive: Archive, tmp_path: Path
) -> None:
    first, other = archive.add("1.2", 1), archive.add("1.3", 1, "CR")
    archive.add("1.4", 1, "MR")
    house = House(tmp_path / "state", archive)
    assert house.poll.look() and house.taken() == {first, other}
    asked = archive.asked["image"]
    assert house.poll.look() and archive.asked["image"] == asked, "nothing has changed"
    house.close()
    again = House(tmp_path / "state", archive)
    assert again.poll.look() and archive.asked["image"] == asked, "nor after a new start"
    second = archive.add("1.2", 2)
    assert again.poll.look() and again.taken() == {first, second, other}
    assert archive.fetched == Counter([first, second, other])
    again.close()


def test_what_fails_costs_no_other_and_is_asked_for_again(archive: Archive, tmp_path: Path) -> None:
    bad, good = archive.add("1.2", 1), archive.add("1.2", 2)
    archive.fails = lambda what: "NODE_ANSWER" if what == bad else ""
    house = House(tmp_path / "state", archive)
    assert not house.poll.look() and house.taken() == {good}
    archive.fails = lambda what: "NODE_LOST" if what == bad else ""
    with pytest.raises(NetworkError, match="NODE_LOST"):
        house.poll.look()
    archive.fails = lambda _what: ""
    assert house.poll.look() and house.taken() == {bad, good} and archive.fetched[good] == 1
    house.close()


def test_a_full_house_waits(archive: Archive, tmp_path: Path) -> None:
    archive.add("1.2", 1)
    archive.add("1.2", 2)
    house = House(tmp_path / "state", archive, most=1)
    assert not house.poll.look() and len(house.taken()) == 1 and archive.fetched.total() == 1
    job = house.queue.next()
    assert job is not None
    house.queue.end(job, "done")
    assert house.poll.look() and archive.fetched.total() == 2
    house.close()


def test_it_goes_on_when_the_archive_is_back_and_says_how_it_stands(archive: Archive, tmp_path: Path) -> None:
    uid = archive.add("1.2", 1)
    away = [True]
    archive.fails = lambda _what: "NODE_UNREACHABLE" if away[0] else ""
    house = House(tmp_path / "state", archive)

    def wait(met: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not met() and time.monotonic() < end:
            time.sleep(0.02)
        assert met()

    with house.poll.running():
        wait(lambda: house.poll.report()["code"] == "NODE_UNREACHABLE")
        assert house.poll.report()["good_s_ago"] is None and not house.poll.complete
        away[0] = False
        wait(lambda: house.poll.complete)
        assert house.poll.report() == {"code": "OK", "good_s_ago": 0} and house.taken() == {uid}
    house.close()


@pytest.fixture
def orthanc_keyring() -> Iterator[None]:
    before, held = keyring.get_keyring(), Keyring()
    held.set_password("saerad node", "web", PASSWORD)
    keyring.set_keyring(held)
    yield
    keyring.set_keyring(before)


@pytest.mark.parametrize("node", ["web", "pacs"])
def test_orthanc_is_polled(orthanc_keyring: None, tmp_path: Path, node: str) -> None:
    (tmp_path / "in").mkdir()
    old = f"{date.today() - timedelta(days=5):%Y%m%d}"
    files = {}
    for number, (when, modality) in enumerate([(TODAY, "DX"), (TODAY, "CR"), (old, "DX"), (TODAY, "OT")]):
        path = tmp_path / "in" / f"{number}.dcm"
        study = f"1.2.826.0.1.3680043.10.9.{number + 1}"
        files[write_dicom(path, StudyInstanceUID=study, StudyDate=when, Modality=modality)] = path
    with running(tmp_path / "orthanc") as archive:
        nodes = load_nodes(archive.nodes(tmp_path / "nodes.toml"))
        Peer(nodes, "pacs").send([read_outgoing(path) for path in files.values()])
        house = House(tmp_path / "state", Peer(nodes, node))
        assert house.poll.look() and house.taken() == set(list(files)[:2])
        assert house.poll.look() and house.queue.waiting() == 2
        house.close()


@pytest.mark.slow
def test_an_archive_gets_the_results_of_what_it_was_polled_for(
    orthanc_keyring: None, toy_pack: Path, tmp_path: Path
) -> None:
    """QIDO-RS, WADO-RS, analysis, STOW-RS; our own results are not fetched back, and nothing is made twice."""
    files = []
    for number in range(2):
        files.append(tmp_path / f"{number}.dcm")
        write_dicom(files[-1], StudyInstanceUID=f"1.2.826.0.1.3680043.10.9.{number + 1}", StudyDate=TODAY)
    with running(tmp_path / "orthanc") as archive:
        nodes = load_nodes(archive.nodes(tmp_path / "nodes.toml"))
        web = Peer(nodes, "web")
        web.send([read_outgoing(path) for path in files])
        analyzer = Analyzer(load_pack(str(toy_pack)), "cpu", 1)
        settings = ServiceSettings(tmp_path / "state", poll=PollSettings(web, every=0.2), least_free=1)
        for _ in range(2):
            with Service(settings, analyzer, web) as service:
                service.run(once=True)
                assert service.report()["jobs"] == {"done": 2}
            assert {kinds["SR"] for kinds in series_of(archive).values()} == {1}
