"""A real archive for tests: Orthanc on free ports of the loopback interface, with DICOMweb and, if wished, TLS."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "reader", "orthanc-of-the-tests"


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Orthanc:
    """One archive; it can be killed and started again with what it holds."""

    def __init__(self, folder: Path, tls: Path | None = None) -> None:
        program = shutil.which("Orthanc")
        if program is None or not PLUGIN.is_file():
            pytest.skip("Orthanc is not installed (Debian packages orthanc and orthanc-dicomweb)")
        self.port, self.http_port, self.move_port = free_port(), free_port(), free_port()
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        settings: dict[str, Any] = {
            "Name": "tests",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "Plugins": [str(PLUGIN)],
            "DicomAet": "ORTHANC",
            "DicomPort": self.port,
            "DicomCheckCalledAet": True,
            "HttpPort": self.http_port,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomModalities": {"saerad": ["SAERAD", "127.0.0.1", self.move_port]},
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "OverwriteInstances": False,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        if tls is not None:
            settings |= {
                "DicomTlsEnabled": True,
                "DicomTlsCertificate": str(tls / "node.pem"),
                "DicomTlsPrivateKey": str(tls / "node.key"),
                "DicomTlsTrustedCertificates": str(tls / "ca.pem"),
            }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")

    def start(self) -> None:
        """Start and wait until both ports answer."""
        log = (self._folder / "orthanc.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self._program, str(self._folder / "orthanc.json")], stdout=log, stderr=log, cwd=self._folder
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                self.get("system")
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self._folder / "orthanc.log").read_text(encoding="utf-8", errors="replace"))

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def get(self, path: str) -> Any:
        """What its own interface says."""
        answer = requests.get(f"http://127.0.0.1:{self.http_port}/{path}", auth=(USER, PASSWORD), timeout=30)
        return answer.json()

    def instances(self) -> list[str]:
        """SOP Instance UIDs that it holds."""
        return [one["MainDicomTags"]["SOPInstanceUID"] for one in self.get("instances?expand")]

    def nodes(self, path: Path, *, retrieve: str = "get", tls: str = "") -> Path:
        """Write a file of nodes: `pacs` speaks DIMSE, `web` DICOMweb."""
        path.write_text(
            f'[local]\nae_title = "SAERAD"\nport = {self.move_port}\n'
            f'[nodes.pacs]\nkind = "dimse"\nhost = "localhost"\nport = {self.port}\nae_title = "ORTHANC"\n'
            f'retrieve = "{retrieve}"\ntimeout = 20.0\n{tls}\n'
            f'[nodes.web]\nkind = "dicomweb"\nurl = "http://127.0.0.1:{self.http_port}/dicom-web"\n'
            f'auth = "basic"\nuser = "{USER}"\n',
            encoding="utf-8",
        )
        return path


@contextmanager
def running(folder: Path, tls: Path | None = None) -> Iterator[Orthanc]:
    """Start an archive and stop it at the end."""
    archive = Orthanc(folder, tls)
    archive.start()
    try:
        yield archive
    finally:
        archive.kill()


def make_certificates(folder: Path) -> Path:
    """Write an authority, a certificate of the node (localhost) and one of ours."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder.mkdir()

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ["-newkey", "rsa:2048", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
    for name in ("node", "own"):
        openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=localhost")
        openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", f"{name}.pem",
        )  # fmt: skip
    return folder
