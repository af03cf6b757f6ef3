"""A real PostgreSQL for tests: in a temporary folder, on a free port of the loopback interface, with a password."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.engine.network.orthanc import free_port

USER, PASSWORD = "saerad", "database-of-the-tests"
ACCOUNT = "postgres"


def program(name: str) -> str:
    """Path of one of the server's programs, which Debian keeps off the PATH."""
    found = shutil.which(name) or next((str(p) for p in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian package postgresql)")
    return found


class Postgres:
    """One server; it can be ended as a power cut would and started again with what it holds."""

    def __init__(self, tls: Path | None = None) -> None:
        self._server, init = program("postgres"), program("initdb")
        self._account: str | None = None
        if os.geteuid() == 0:  # the server refuses to run as root
            if subprocess.run(["id", ACCOUNT], capture_output=True, check=False).returncode:
                pytest.skip(f"PostgreSQL does not run as root, and there is no account {ACCOUNT}")
            self._account = ACCOUNT
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="saerad-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        secret = self.folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        self.options = ["-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder), "-F"]
        if tls is not None:
            for name in ("node.pem", "node.key"):
                shutil.copy(tls / name, self.folder / name)
                (self.folder / name).chmod(0o600)
            files = [f"ssl_cert_file={self.folder / 'node.pem'}", f"ssl_key_file={self.folder / 'node.key'}"]
            self.options += [word for setting in ("ssl=on", *files) for word in ("-c", setting)]
        if self._account is not None:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, self._account)
        given = ["-A", "scram-sha-256", "-U", USER, f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "-N"]
        self._run([init, "-D", str(self.folder / "data"), *given])

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, cwd=self.folder, user=self._account, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    @property
    def url(self) -> str:
        """Its address, without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start and wait until it answers."""
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._server, "-D", str(self.folder / "data"), *self.options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=self._account,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            text = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
            if "ready to accept connections" in text:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            assert self._process.poll() is None, text
            time.sleep(0.05)
        raise AssertionError(text)

    def stop(self) -> None:
        """End it at once, without a good-bye to who is connected; its next start recovers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def remove(self) -> None:
        """Stop it and remove what it held."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)
