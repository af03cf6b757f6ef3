"""A child that works, crashes, hangs, is cancelled, and goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from engine.errors import Cancelled, ReadError, SaeRadError, WorkerError
from engine.worker.decode import close_shared_decoder, decode_in_worker, new_decoder, shared_decoder, submit_decode
from engine.worker.job import Job
from engine.worker.worker import Worker

TASKS = """
import time
from engine.errors import Cancelled, ExportError

def steps(count, progress=None, cancelled=None):
    for step in range(count):
        if cancelled():
            raise Cancelled
        progress(f"step {step}", step / count)
        time.sleep(0.01)
    return count

def patient(cancelled):
    while not cancelled():
        time.sleep(0.01)
    raise Cancelled

def export():
    raise ExportError("DISK_FULL", "the disk is full", "make room")

def unsendable():
    return lambda: 0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with tasks that only a child imports."""
    made = tmp_path_factory.mktemp("tasks")
    (made / "child_tasks.py").write_text(TASKS)
    return str(made)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(time_limit_s=60, memory_bytes=2 << 30) as made:
        yield made


@pytest.fixture
def tasks(worker: Worker, folder: str) -> Worker:
    """The worker, its child, whichever it is by now, told where the tasks are."""
    worker.submit("site:addsitedir", folder).result()
    return worker


def error_of(job: Job[object]) -> SaeRadError:
    error = job.error()
    assert error is not None
    return error


def test_result_comes_back(worker: Worker) -> None:
    assert worker.submit("operator:add", 2, 3).result() == 5


def test_tasks_are_done_in_order_in_one_process(worker: Worker) -> None:
    jobs = [worker.submit("os:getpid") for _ in range(5)]
    assert len({job.result() for job in jobs}) == 1


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("os:abort", ()), ("os:_exit", (3,)), ("ctypes:string_at", (0,))],
    ids=["abort", "exit", "segfault"],
)
def test_crash_is_told_and_the_next_task_works(worker: Worker, function: str, arguments: tuple[int, ...]) -> None:
    waiting = worker.submit(function, *arguments), worker.submit("operator:add", 1, 1)
    assert error_of(waiting[0]).code == "WORKER_CRASHED"
    assert isinstance(waiting[0].error(), WorkerError)
    assert waiting[1].result() == 2


def test_time_limit(worker: Worker) -> None:
    job = worker.submit("time:sleep", 600, time_limit_s=0.2)
    assert error_of(job).code == "WORKER_TIMEOUT"
    assert worker.submit("operator:add", 1, 1).result() == 2


@pytest.mark.skipif(sys.platform != "linux", reason="the address space is limited on Linux only")
def test_memory_limit(worker: Worker) -> None:
    job = worker.submit("numpy:ones", (1 << 33,), "u1")
    assert error_of(job).code == "OUT_OF_MEMORY"
    assert worker.submit("operator:add", 1, 1).result() == 2


def test_errors_of_the_engine_keep_their_class_and_code(tasks: Worker) -> None:
    error = error_of(tasks.submit("child_tasks:export"))
    assert type(error).__name__ == "ExportError"
    assert (error.code, error.message, error.hint) == ("DISK_FULL", "the disk is full", "make room")


def test_unexpected_errors_carry_the_childs_traceback(worker: Worker) -> None:
    error = error_of(worker.submit("operator:truediv", 1, 0))
    assert error.code == "WORKER_FAILED"
    assert "ZeroDivisionError" in error.message
    assert "Traceback" in error.__notes__[0]


def test_what_cannot_be_sent_is_told(tasks: Worker) -> None:
    assert error_of(tasks.submit("child_tasks:unsendable")).code == "WORKER_FAILED"


def test_what_is_not_data_is_refused(worker: Worker) -> None:
    assert error_of(worker.submit("operator:attrgetter", "name")).code == "WORKER_BAD_RESULT"
    assert worker.submit("operator:add", 1, 1).result() == 2


def test_unknown_function_is_told(worker: Worker) -> None:
    assert error_of(worker.submit("engine.errors:no_such_thing")).code == "WORKER_FAILED"


def test_progress_is_reported_in_order(tasks: Worker) -> None:
    seen: list[tuple[str, float]] = []
    job = tasks.submit("child_tasks:steps", 4, progress=lambda stage, fraction: seen.append((stage, fraction)))
    assert job.result() == 4
    assert seen == [("step 0", 0.0), ("step 1", 0.25), ("step 2", 0.5), ("step 3", 0.75)]


def test_progress_callback_that_fails_ends_its_own_task_only(tasks: Worker) -> None:
    def broken(stage: str, fraction: float) -> None:
        raise LookupError(stage)

    job = tasks.submit("child_tasks:steps", 4, progress=broken)
    with pytest.raises(LookupError):
        job.result()
    assert tasks.submit("operator:add", 1, 1).result() == 2


def test_waiting_task_is_cancelled_at_once(worker: Worker) -> None:
    busy = worker.submit("time:sleep", 0.5)
    waiting = worker.submit("operator:add", 1, 1)
    waiting.cancel()
    assert waiting.done()
    assert isinstance(waiting.error(), Cancelled)
    assert busy.result() is None


def test_running_task_that_listens_stops_and_keeps_its_process(tasks: Worker) -> None:
    process = tasks.submit("os:getpid").result()
    started = threading.Event()
    job = tasks.submit("child_tasks:steps", 10_000, progress=lambda stage, fraction: started.set())
    assert started.wait(30)
    job.cancel()
    assert isinstance(job.error(), Cancelled)
    assert tasks.submit("os:getpid").result() == process


def test_running_task_that_does_not_listen_is_ended(worker: Worker) -> None:
    process = worker.submit("os:getpid").result()
    job = worker.submit("time:sleep", 600)
    threading.Timer(0.2, job.cancel).start()
    assert isinstance(job.error(), Cancelled)
    assert worker.submit("os:getpid").result() != process


def test_cancelling_a_finished_task_changes_nothing(worker: Worker) -> None:
    job = worker.submit("operator:add", 1, 1)
    assert job.result() == 2
    job.cancel()
    assert job.result() == 2


def test_callbacks_come_before_and_after_the_end(worker: Worker) -> None:
    seen: list[int] = []
    called = threading.Event()
    job = worker.submit("operator:add", 1, 1)
    job.add_done_callback(lambda done: (seen.append(done.result()), called.set()))
    assert called.wait(30)
    job.add_done_callback(lambda done: seen.append(done.result()))
    assert seen == [2, 2]


def test_submitting_from_many_threads(worker: Worker) -> None:
    jobs: dict[int, Job[int]] = {}

    def submit(number: int) -> None:
        jobs[number] = worker.submit("operator:mul", number, 2)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: job.result() for number, job in jobs.items()} == {number: 2 * number for number in range(20)}


def test_closing_ends_what_runs_and_what_waits_and_leaves_no_thread() -> None:
    before = threading.active_count()
    worker = Worker()
    running = worker.submit("time:sleep", 600)
    waiting = worker.submit("operator:add", 1, 1)
    worker.close()
    worker.close()
    assert {error_of(running).code, error_of(waiting).code} == {"WORKER_CLOSED"}
    assert threading.active_count() == before
    with pytest.raises(WorkerError, match="WORKER_CLOSED"):
        worker.submit("operator:add", 1, 1)


def test_child_that_cannot_start_is_told() -> None:
    with Worker(preload=("no_such_module_anywhere",)) as worker:
        assert error_of(worker.warm_up()).code == "WORKER_NOT_STARTED"


@pytest.fixture
def image(tmp_path: Path) -> tuple[Path, np.ndarray]:  # type: ignore[type-arg]
    pixels = np.random.default_rng(0).integers(0, 4096, (300, 200), dtype=np.uint16)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", "1.2.3.4"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 300, 200, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PhotometricInterpretation, dataset.PatientName = "MONOCHROME1", "Doe^Jane"
    dataset.WindowCenter, dataset.WindowWidth = 2000, 1000
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    return tmp_path / "image.dcm", pixels


@pytest.fixture
def decoder() -> Iterator[Worker]:
    with new_decoder() as made:
        yield made


def test_radiograph_from_the_worker_is_the_radiograph(image: tuple[Path, np.ndarray], decoder: Worker) -> None:  # type: ignore[type-arg]
    from engine.dicom.files import read_radiograph

    path, pixels = image
    there, here = decode_in_worker(path, decoder), read_radiograph(path)
    np.testing.assert_array_equal(there.stored, pixels)
    assert not there.stored.flags.writeable
    assert (there.identity, there.acquisition, there.spacing) == (here.identity, here.acquisition, here.spacing)
    assert there.grayscale == here.grayscale
    assert there.pixel_sha256 == here.pixel_sha256
    np.testing.assert_array_equal(there.display(), here.display())


def test_refusals_come_through(tmp_path: Path, decoder: Worker) -> None:
    with pytest.raises(ReadError, match="FILE_MISSING"):
        decode_in_worker(tmp_path / "nowhere.dcm", decoder)
    assert isinstance(submit_decode(tmp_path, decoder).error(), ReadError)


def test_shared_decoder_is_made_again_after_it_was_closed(image: tuple[Path, np.ndarray]) -> None:  # type: ignore[type-arg]
    path, _ = image
    first = shared_decoder()
    assert shared_decoder() is first
    close_shared_decoder()
    assert decode_in_worker(path).rows == 300
    assert shared_decoder() is not first
    close_shared_decoder()


def test_complaints_of_decoders_become_a_warning(tmp_path: Path, decoder: Worker) -> None:
    from io import BytesIO

    from PIL import Image
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit

    buffer = BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (128, 128), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    frame = buffer.getvalue()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 128, 128, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    warned = {}
    for name, stream in (("whole", frame), ("holed", frame[:3000] + frame[-2:])):
        dataset.PixelData = encapsulate([stream])
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        dataset.save_as(tmp_path / f"{name}.dcm", enforce_file_format=True)
        warned[name] = decode_in_worker(tmp_path / f"{name}.dcm", decoder).warnings
    assert warned["whole"] == ()
    assert any("decoder found errors" in warning for warning in warned["holed"])


def test_asking_process_needs_no_dicom_library() -> None:
    code = "import sys, engine.worker.decode; print(sorted({'pydicom', 'gdcm', 'PIL', 'SimpleITK'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
