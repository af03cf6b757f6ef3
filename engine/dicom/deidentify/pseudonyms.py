"""Replacements that only the holder of a key can repeat: the same patient, UID and dates always get the same ones."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from engine.errors import UsageError
from engine.export.atomic import write_error

KEY_BYTES = 32
MAX_SHIFT_DAYS = 3650


@dataclass(frozen=True)
class Pseudonyms:
    """Keyed replacements (HMAC-SHA256, RFC 2104); without the key nobody can try whose they are.

    Attributes
    ----------
    key : bytes
        At least `KEY_BYTES`; a random one is used once and then forgotten.
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)

    def uid(self, original: str) -> str:
        """Return a UID (PS3.5 B.2, a UUID of version 8 as an integer) for another."""
        digest = bytearray(self._digest("uid", original)[:16])
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        return f"2.25.{uuid.UUID(bytes=bytes(digest)).int}"

    def patient(self, *identity: str) -> str:
        """Return a patient's pseudonym, ``ANON-`` and 16 hexadecimal digits."""
        return "ANON-" + self._digest("patient", *identity).hex()[:16].upper()

    def shift(self, *identity: str) -> timedelta:
        """Return by how much all dates of a patient move: 1 to `MAX_SHIFT_DAYS` whole days into the past."""
        number = int.from_bytes(self._digest("shift", *identity)[:8], "big")
        return timedelta(days=-1 - number % MAX_SHIFT_DAYS)

    def _digest(self, *parts: str) -> bytes:
        message = "".join(f"{len(part)}:{part}" for part in parts)  # no two lists of parts make one message
        return hmac.new(self.key, message.encode("utf-8", errors="surrogatepass"), hashlib.sha256).digest()


def moved(text: str, shift: timedelta) -> str:
    """Return a DA or DT value moved by whole days, empty where it names no day.

    The time of day and the zone of a DT stay. ``YYYY.MM.DD`` of ACR-NEMA is read as well.
    """
    digits = text.strip().replace(".", "", 2) if text.strip()[4:5] == "." else text.strip()
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) + shift
    except (ValueError, OverflowError):
        return ""
    return f"{day:%Y%m%d}".rjust(8, "0") + digits[8:]


def read_key(path: Path, *, create: bool = False) -> bytes:
    """Return the key of a file, which is made, readable by its owner only, where `create` is set.

    Raises
    ------
    UsageError
        ``DEID_KEY``: there is no such file, or one already, or it cannot be read or is too short.
    ExportError
        ``EXPORT_WRITE``.
    """
    if create:
        return _new_key(path)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise UsageError(
            "DEID_KEY",
            f"the key {path} cannot be read ({error.strerror or error})",
            "check the path, or make one with --new-key",
        ) from error
    if len(key) < KEY_BYTES:
        raise UsageError("DEID_KEY", f"the key {path} has fewer than {KEY_BYTES} bytes", "make one with --new-key")
    return key


def _new_key(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    try:
        with path.open("xb") as stream:
            path.chmod(0o600)
            stream.write(key)
    except FileExistsError as error:
        raise UsageError("DEID_KEY", f"there is a file {path} already", "use it with --key, or name another") from error
    except OSError as error:
        raise write_error(path, error) from error
    return key
