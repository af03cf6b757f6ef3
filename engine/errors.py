"""The one tree of errors a person can meet, each with a stable code, what happened and what to do."""

from __future__ import annotations


class SaeRadError(Exception):
    """Base of every error that reaches a user.

    Parameters
    ----------
    code : str
        Stable upper-case identifier such as ``DICOM_TRUNCATED``; scripts and translations depend on it.
    message : str
        What happened, one sentence without a final full stop.
    hint : str
        What the person can do about it; may be empty.
    """

    exit_status = 3

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}" + (f"; {self.hint}" if self.hint else "")


class ReadError(SaeRadError):
    """A file could not be opened as an image."""


class PackError(SaeRadError):
    """A model pack is missing, changed, incomplete or of an unknown schema."""


class InferenceError(SaeRadError):
    """The model could not be run on an image."""


class DraftError(SaeRadError):
    """A draft was used against its rules (wrong image, wrong state)."""


class MeasureError(SaeRadError):
    """A measurement was used against its rules (wrong image, no length)."""


class HangingError(SaeRadError):
    """The rules by which images hang cannot be used."""


class ExportError(SaeRadError):
    """A result could not be written."""


class StoreError(SaeRadError):
    """A store of activations is missing, unfinished, damaged or made from something else."""


class CatalogError(SaeRadError):
    """The index of studies cannot be read or written."""


class WorkerError(SaeRadError):
    """The child process that does the work crashed, ran out of time or memory, or could not be started."""


class DataError(SaeRadError):
    """A data set for training, or the manifest of one, is not as it should be."""


class EncoderError(SaeRadError):
    """An encoder to import is incomplete, of a kind that is not supported, or not what it claims to be."""


class NetworkError(SaeRadError):
    """A network node cannot be reached, refuses, or answers what cannot be used."""


class ServiceError(SaeRadError):
    """The unattended service cannot work on its queue or open its port."""


class QueueLost(ServiceError):  # noqa: N818 - it is found again
    """The queue cannot be reached or written now; what was to be written is done again later."""


class JobTaken(ServiceError):  # noqa: N818 - nothing failed
    """Another node took the job up, because this one had not been heard of; what it made of it is thrown away."""


class PluginError(SaeRadError):
    """Other people's code is not there, cannot be loaded or failed."""


class UsageError(SaeRadError):
    """A command was called with arguments that do not fit together."""

    exit_status = 2


class Cancelled(SaeRadError):  # noqa: N818 - not a fault: the person asked for it
    """The person cancelled a running task."""

    def __init__(self) -> None:
        super().__init__("CANCELLED", "the task was cancelled")

    def __reduce__(self) -> tuple[type[Cancelled], tuple[()]]:
        """Travel between processes: the arguments of the base are not this class's."""
        return Cancelled, ()
