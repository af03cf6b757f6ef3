"""Where the nodes' common queue is: a PostgreSQL address without a secret, and where its password comes from."""

from __future__ import annotations

import getpass
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import keyring
from keyring.errors import NoKeyringError

from engine.errors import UsageError
from engine.network.nodes import TLS, is_loopback

_SERVICE = "saerad queue"
_TLS = {"sslrootcert": "ca", "sslcert": "certificate", "sslkey": "key"}


@dataclass(frozen=True)
class DatabaseAddress:
    """A database and who we are there; `tls` is None only for this machine itself."""

    host: str
    port: int
    database: str
    user: str
    tls: TLS | None

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.database}"


def parse_address(text: str) -> DatabaseAddress:
    """Read ``postgresql://[user@]host[:port]/database[?sslrootcert=FILE&sslcert=FILE&sslkey=FILE]``.

    The names are libpq's (PostgreSQL manual, 34.1.1.2); the user defaults to ``PGUSER``, then to the account's name.

    Raises
    ------
    UsageError
        ``QUEUE_ADDRESS``.
    """
    try:
        parts = urlsplit(text)
        port = parts.port or 5432
        given = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise _refusal(str(error)) from error
    if parts.scheme not in ("postgresql", "postgres"):
        raise _refusal("it begins with postgresql://")
    if parts.password is not None or "password" in given:
        raise _refusal("a password in it would be seen by everybody on this machine")
    if unknown := sorted(given.keys() - _TLS.keys()):
        raise _refusal(f"{unknown[0]!r} is none of {', '.join(_TLS)}")
    host, database = parts.hostname or "", unquote(parts.path.removeprefix("/"))
    if not host or not database or parts.fragment:
        raise _refusal("a host and a database must be named")
    try:
        tls = TLS(**{_TLS[name]: value for name, value in given.items()})
    except ValueError as error:
        raise _refusal("sslcert and sslkey go together") from error
    user = unquote(parts.username or "") or os.environ.get("PGUSER") or getpass.getuser()
    return DatabaseAddress(host, port, database, user, None if is_loopback(host) and not given else tls)


def read_password(address: DatabaseAddress) -> str | None:
    """Return the password: of ``PGPASSWORD``, the password file, the system's keyring, or None.

    Raises
    ------
    UsageError
        ``QUEUE_PASSFILE``.
    """
    if given := os.environ.get("PGPASSWORD"):
        return given
    found = _from_file(Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass"), address)
    if found is not None:
        return found
    try:
        return keyring.get_password(_SERVICE, str(address))
    except NoKeyringError:
        return None  # nodes without a desktop have none, and databases that ask for certificates need none


def _from_file(path: Path, address: DatabaseAddress) -> str | None:
    """Return the first password that fits, of lines ``host:port:database:user:password`` (PostgreSQL manual, 34.16)."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return None
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError("QUEUE_PASSFILE", f"others may read the password file {path}", f"chmod 600 {path}")
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "QUEUE_PASSFILE", f"the password file {path} cannot be read ({error})", "look at it"
        ) from error
    asked = (address.host, str(address.port), address.database, address.user)
    for line in lines:
        *fields, password = _fields(line)
        if len(fields) == len(asked) and all(f in ("*", a) for f, a in zip(fields, asked, strict=True)):
            return password
    return None


def _fields(line: str) -> list[str]:
    """Split at colons; a backslash takes the next character as it is."""
    fields, letters = [""], iter("" if line.startswith("#") else line)
    for letter in letters:
        if letter == ":" and len(fields) < 5:
            fields.append("")
        else:
            fields[-1] += next(letters, "") if letter == "\\" else letter
    return fields


def _refusal(reason: str) -> UsageError:
    return UsageError(
        "QUEUE_ADDRESS",
        f"the address of the queue cannot be used: {reason}",
        "give postgresql://user@host:port/database; see docs/several-machines.md",
    )
