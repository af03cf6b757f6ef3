"""An archive that is asked again and again for new studies, whose radiographs are fetched and taken once."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from engine.errors import Cancelled, NetworkError, SaeRadError
from engine.network.incoming import STORED
from engine.network.limits import MAX_MATCHES
from engine.network.peer import Peer
from engine.network.query import Match, Query
from engine.service.cursor import Cursor
from engine.service.inbox import Inbox
from engine.service.queue import Queue, hashed

MODALITIES = ("DX", "CR")
"""Of radiographs; results of this program have others, so that they are not fetched back."""

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE_S = 300.0
_GONE = ("NODE_UNREACHABLE", "NODE_LOST", "NODE_TLS", "NODE_AUTH", "NODE_REJECTED", "SECRET_MISSING", "KEYRING")
"""Nothing more can be had of the node now; other failures concern one study or image."""


@dataclass(frozen=True)
class PollSettings:
    """Whom to ask, how often (seconds) and for studies of how many days, today's included."""

    peer: Peer
    every: float = 30.0
    days: int = 2


class Poll:
    """Looks through the node's studies, from a thread of its own while `running`.

    Parameters
    ----------
    folder : Path
        Of the service's state.
    """

    def __init__(self, folder: Path, queue: Queue, inbox: Inbox, settings: PollSettings) -> None:
        self._folder = folder / "fetched"
        shutil.rmtree(self._folder, ignore_errors=True)  # left by a kill, not yet taken
        self._queue, self._inbox, self._settings = queue, inbox, settings
        self._cursor = Cursor(folder, settings.peer.name)
        self._ended = threading.Event()
        self._code, self._good = "", 0.0
        self.complete = False
        """Whether the last look left nothing to be taken."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look again and again until the block ends."""
        thread = threading.Thread(target=self._run, name="saerad-poll", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def close(self) -> None:
        """Close what it remembers."""
        self._cursor.close()

    def report(self) -> dict[str, object]:
        """Return how it stands: the code of the last failure, and the seconds since it last went well."""
        return {"code": self._code or "OK", "good_s_ago": round(time.time() - self._good) if self._good else None}

    def _run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            try:
                self.complete = self.look()
                failures, self._code, self._good = 0, "", time.time()
            except Cancelled:
                return
            except (SaeRadError, sqlite3.OperationalError) as error:
                failures += 1
                self._code = error.code if isinstance(error, SaeRadError) else "QUEUE_UNUSABLE"
                _LOG.warning("the polled archive: %s", self._code)
            pause = min(self._settings.every * 2.0**failures, max(self._settings.every, _LONGEST_PAUSE_S))
            self._ended.wait(pause)

    def look(self) -> bool:
        """Take what is new; whether nothing is left to be taken.

        Raises
        ------
        SaeRadError
            When the node cannot be asked; what was taken until then is taken.
        Cancelled
        """
        since = date.today() - timedelta(days=self._settings.days - 1)
        complete = True
        for modality in MODALITIES:
            keys = {"date": f"{since:%Y%m%d}-", "modality": modality}
            for study in self._find(Query("study", keys, MAX_MATCHES)):
                uid, images = study["StudyInstanceUID"], study["NumberOfStudyRelatedInstances"]
                if not self._cursor.is_new(uid, images):
                    continue
                if self._take_study(uid):
                    self._cursor.looked(uid, images)
                else:
                    complete = False
        return complete

    def _find(self, query: Query) -> list[Match]:
        return self._settings.peer.find(query, self._ended.is_set)

    def _take_study(self, study: str) -> bool:
        """Take the radiographs of a study that are new; whether all are taken now."""
        try:
            series = [one for one in self._find(Query("series", {"study": study})) if one["Modality"] in MODALITIES]
            images = [
                (one["SeriesInstanceUID"], image["SOPInstanceUID"])
                for one in series
                for image in self._find(Query("image", {"study": study, "series": one["SeriesInstanceUID"]}))
            ]
        except NetworkError as error:
            if error.code in _GONE:
                raise
            _LOG.warning("study %s: %s", hashed(study), error.code)
            return False
        # All of them: one image that cannot be had costs no other.
        taken = [self._queue.knows(image) or self._take(study, one, image) for one, image in images]
        return all(taken)

    def _take(self, study: str, series: str, image: str) -> bool:
        if self._ended.is_set():
            raise Cancelled
        if not self._inbox.has_room():
            return False
        try:
            self._settings.peer.retrieve(self._folder, study, series, image, cancelled=self._ended.is_set)
            # Only what was asked for: a node may send anything.
            return self._inbox.take(image, (self._folder / f"{image}.dcm").read_bytes()) == STORED
        except FileNotFoundError:
            _LOG.warning("%s: not sent", hashed(image))
            return False
        except NetworkError as error:
            if error.code in _GONE:
                raise
            _LOG.warning("%s: %s", hashed(image), error.code)
            return False
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
