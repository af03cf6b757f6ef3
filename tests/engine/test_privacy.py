"""The program keeps to itself: no telemetry of its libraries, no files in a person's cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.pictures import write_dicom

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the runtime keeps its files elsewhere there")

ANALYSE = "import sys; from engine.cli.main import main; status = main(sys.argv[1:]);"


def environment(home: Path) -> dict[str, str]:
    """A fresh home, and nothing set that the program has to set by itself."""
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    return kept | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}


def test_an_analysis_leaves_nothing_at_home(toy_pack: Path, tmp_path: Path, repository: Path) -> None:
    write_dicom(tmp_path / "a.dcm")
    (tmp_path / "home").mkdir()
    given = ["analyse", str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out"), "--pack", str(toy_pack)]
    command = [sys.executable, "-c", ANALYSE + "sys.exit(status)", *given, "--device", "cpu"]
    subprocess.run(command, cwd=repository, env=environment(tmp_path / "home"), check=True, timeout=120)
    assert list((tmp_path / "home").rglob("*")) == []


def test_an_analysis_opens_no_connection_and_no_port(toy_pack: Path, tmp_path: Path, repository: Path) -> None:
    write_dicom(tmp_path / "a.dcm")
    (tmp_path / "home").mkdir()
    given = ["analyse", str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out"), "--pack", str(toy_pack)]
    # Addresses of the network are tuples, those of pipes between processes are not. A library asks at its import
    # whether there is IPv6 by a bind to port 0, on which nothing listens.
    watch = (
        "import sys; opened = []\n"
        "def hook(name, given):\n"
        "    if name == 'socket.getaddrinfo' or (name in ('socket.bind', 'socket.connect') and given[1][1:2] != (0,)\n"
        "                                        and isinstance(given[1], tuple)):\n"
        "        opened.append(name)\n"
        "sys.addaudithook(hook)\n"
    )
    check = (
        "import socket\n"
        "assert not opened, opened\n"
        "probe = socket.socket(); probe.connect_ex(('127.0.0.1', 9)); assert opened == ['socket.connect']\n"
        "assert not any(name.startswith('engine.network') for name in sys.modules)\n"
        "sys.exit(status)"
    )
    code = f"{watch}{ANALYSE}\n{check}"
    command = [sys.executable, "-W", "ignore", "-c", code, *given, "--device", "cpu", "--format", "all"]
    subprocess.run(command, cwd=repository, env=environment(tmp_path / "home"), check=True, timeout=120)


@pytest.mark.slow
def test_an_analysis_asks_the_network_nothing(toy_pack: Path, tmp_path: Path, repository: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    write_dicom(tmp_path / "a.dcm")
    (tmp_path / "home").mkdir()
    given = ["analyse", str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out"), "--pack", str(toy_pack)]
    trace = ["strace", "-f", "-qq", "-e", "trace=connect,listen,sendto,sendmsg,sendmmsg", "-o", str(tmp_path / "calls")]
    probe = subprocess.run([*trace, "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("processes may not be traced here")
    # The runtime's telemetry looks its server up about ten seconds after the start.
    code = ANALYSE + "import time; time.sleep(20); sys.exit(status)"
    command = [*trace, sys.executable, "-c", code, *given, "--device", "cpu"]
    subprocess.run(command, cwd=repository, env=environment(tmp_path / "home"), check=True, timeout=300)
    calls = (tmp_path / "calls").read_text(encoding="utf-8", errors="replace")
    assert [line for line in calls.splitlines() if "AF_INET" in line or "htons" in line or "listen(" in line] == []
