"""Set this checkout up on a fresh machine and run it: ``python3 packaging/bootstrap.py demo`` or ``test``.

Standard library only. The environment goes into ``.venv/`` at the repository's root; a stamp inside it remembers
what was installed, so that a second run starts at once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
MINIMUM_PYTHON = (3, 11)

# What Qt's offscreen platform and the wheels load, checked on Debian 12 without recommended packages.
DEBIAN_RUN = ("python3-venv", "libgl1", "libegl1", "libglib2.0-0", "libxkbcommon0", "libdbus-1-3", "libfontconfig1")
# The validators, the virtual screen and the compiler of the tests; those that need them skip, saying so, elsewhere.
DEBIAN_TEST = (
    "xvfb", "xauth", "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxkbcommon-x11-0", "libxcb-shape0",
    "libxcb-xinerama0", "libxcb-randr0", "libxcb-xkb1", "dcmtk", "dicom3tools", "poppler-utils", "strace",
    "g++",
)  # fmt: skip
# An archive and a database to test against. Not every mirror has them, and no other test needs them.
DEBIAN_SERVERS = {"archive": ("orthanc", "orthanc-dicomweb"), "database": ("postgresql",)}
CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["lint-imports", "--no-cache", "--no-logo"],
)
EXTRAS = {"demo": "viewer", "test": "viewer,napari,training,cluster,postgres,labelling,dev"}
LABELLING = "labelling"
"""An extra whose library has to be built: that takes minutes, is done once a machine, and may fail without harm."""
LLAMA = "llama-cpp-python"
# For any x86-64 of the last ten years instead of the one that builds.
LLAMA_FLAGS = "-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DLLAVA_BUILD=OFF"
CUDA = "cuda"
"""Remembered like an extra, and none: an extra can only add to `onnxruntime`, whose files it would overwrite."""
RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
CUDA_RUNTIME = "onnxruntime-gpu[cuda,cudnn]"


class BootstrapError(Exception):
    """A step failed in a way the person can act on."""


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(f"bootstrap: {text}", flush=True)


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Run a command from the repository's root and return its exit status."""
    return subprocess.run(command, cwd=ROOT, env=dict(environment) if environment else None, check=False).returncode


def missing_debian_packages(names: Sequence[str]) -> list[str]:
    """Return those of the Debian packages that are not installed (none on other systems)."""
    if shutil.which("dpkg-query") is None:
        return []
    # Debian 13 and Ubuntu 24.04 renamed some libraries for 64-bit time.
    renamed = {name: f"{name}t64" for name in names}
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${db:Status-Status}\n", *names, *renamed.values()],
        capture_output=True,
        text=True,
        check=False,
    )
    installed = {line.split("\t")[0] for line in query.stdout.splitlines() if line.endswith("\tinstalled")}
    return [name for name in names if not installed & {name, renamed[name]}]


def system_packages(target: str) -> None:
    """Install the Debian packages that are missing when run as root, else print the command.

    Raises
    ------
    BootstrapError
        When they cannot be installed; for those of `DEBIAN_SERVERS` it is only said.
    """
    needed = missing_debian_packages(DEBIAN_RUN + (DEBIAN_TEST if target == "test" else ()))
    servers = {what: missing_debian_packages(names) for what, names in DEBIAN_SERVERS.items() if target == "test"}
    if os.geteuid() != 0:
        if names := needed + [name for missing in servers.values() for name in missing]:
            say(f"system packages are missing; run: sudo {' '.join(apt_install(names))}")
        return
    if needed and not install_packages(needed):
        raise BootstrapError(
            f"the system packages could not be installed; run by hand: {' '.join(apt_install(needed))}"
        )
    for what, missing in servers.items():
        if missing and not install_packages(missing):
            say(f"the {what} of the tests could not be installed; the tests that need it will be skipped")


def apt_install(names: Sequence[str]) -> list[str]:
    """Return the command that installs packages."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *names]


def install_packages(names: Sequence[str]) -> bool:
    """Install packages without asking; False when that did not work."""
    say(f"installing system packages: {' '.join(names)}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return not run(["apt-get", "update", "-qq"], quiet) and not run([*apt_install(names), "-qq"], quiet)


def venv_program(name: str) -> Path:
    """Path of a program of the environment."""
    return VENV / (f"Scripts/{name}.exe" if platform.system() == "Windows" else f"bin/{name}")


def venv_python() -> Path:
    """Path of the environment's interpreter."""
    return venv_program("python")


def wanted_stamp() -> str:
    """Hash of all that decides what the environment holds."""
    digest = hashlib.sha256(f"{platform.python_version()} {platform.platform()} {ROOT}".encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def installed_extras(stamp: Path, wanted: str) -> set[str]:
    """Return the extras that a matching stamp says are installed; of another one only the choice of the GPU is kept."""
    if not stamp.is_file():
        return set()
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except ValueError:
        return set()
    return set(found["extras"]) if found.get("hash") == wanted else set(found["extras"]) & {CUDA}


def environment(target: str, *, cuda: bool = False) -> None:
    """Make ``.venv`` and install what the target needs, unless its stamp says that is done.

    With `cuda` the model runs on an NVIDIA GPU, also after later calls without it.
    """
    stamp = VENV / "saerad-bootstrap.json"
    wanted = wanted_stamp()
    needed = {*EXTRAS[target].split(","), *([CUDA] if cuda else [])}
    present = installed_extras(stamp, wanted)
    if needed <= present and venv_python().is_file():
        return
    if not venv_python().is_file() or subprocess.run([venv_python(), "-c", ""], check=False).returncode:
        say(f"making the environment {VENV.name}")
        if run([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            raise BootstrapError(
                "the virtual environment could not be made; install Python's venv module and try again"
            )
    chosen = needed | present
    extras = ",".join(sorted(chosen - {CUDA, LABELLING}))
    say(f"installing the program and its libraries (extras: {extras}); the first time takes some minutes")
    pip_install("-e", f".[{extras}]")
    if CUDA in chosen:
        say("putting the onnxruntime that runs on NVIDIA GPUs in the place of the other")
        # Both are the same folder: whichever pip removes last takes files of the other with it.
        run([str(venv_python()), "-m", "pip", "uninstall", "-q", "-y", *RUNTIMES])
        pip_install(CUDA_RUNTIME)
    if LABELLING in chosen and not install_llama():
        chosen.discard(LABELLING)
    stamp.write_text(json.dumps({"hash": wanted, "extras": sorted(chosen)}), encoding="utf-8")


def pip_install(*what: str) -> None:
    """Install into the environment with the versions of the constraints."""
    if run([*pip_command(), *what]):
        raise BootstrapError(
            "pip could not install the libraries; check the network or the package index and run again"
        )


def pip_command() -> list[str]:
    """Return the beginning of a command that installs what the constraints name."""
    return [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "-q", "-c", str(CONSTRAINTS)]


def install_llama() -> bool:
    """Install the library of local language models, built once (pip keeps the wheel); returns whether that worked."""
    say(f"installing {LLAMA}; the first time on a machine it is built, which takes some minutes")
    settings = os.environ | {"CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1)}
    if platform.machine().lower() in {"x86_64", "amd64"}:
        settings["CMAKE_ARGS"] = LLAMA_FLAGS
    if run([*pip_command(), LLAMA], settings):
        say(f"{LLAMA} could not be built (is there a C++ compiler?); tests that need it are skipped")
        return False
    return True


def has_display() -> bool:
    """Whether a window can be shown."""
    if platform.system() in {"Windows", "Darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def demo(arguments: Sequence[str]) -> int:
    """Open the demonstration, or walk through it without a display and save what it shows."""
    command = [str(venv_program("saerad")), "demo", *arguments]
    if not arguments and not has_display():
        folder = ROOT / "build" / "demo"
        say(f"no display: walking through the demonstration; screenshots and exports go to {folder.relative_to(ROOT)}")
        command += ["--offscreen", str(folder)]
    return run(command)


def test(arguments: Sequence[str]) -> int:
    """Run the style, type and import checks, then the tests; further arguments go to pytest."""
    for name, *rest in CHECKS:
        say(f"running {' '.join([name, *rest])}")
        status = run([str(venv_program(name)), *rest])
        if status:
            return status
    settings = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONHASHSEED": "0"}
    return run([str(venv_program("pytest")), *arguments], settings)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        description="Set up this checkout and run it.",
        epilog='example: python3 packaging/bootstrap.py test -m "not slow"',
    )
    parser.add_argument(
        "target", choices=sorted(EXTRAS), help="demo: the main job on a bundled study; test: all checks"
    )
    parser.add_argument(
        "--cuda", action="store_true", help="install the onnxruntime for NVIDIA GPUs (Linux, Windows); remembered"
    )
    options, rest = parser.parse_known_args(argv)
    if sys.version_info < MINIMUM_PYTHON:
        say(f"Python {'.'.join(map(str, MINIMUM_PYTHON))} or newer is needed, this is {platform.python_version()}")
        return 2
    if options.cuda and platform.system() == "Darwin":
        say("--cuda is for Linux and Windows; macOS has no NVIDIA driver")
        return 2
    try:
        if platform.system() == "Linux":
            system_packages(options.target)
        environment(options.target, cuda=options.cuda)
    except BootstrapError as error:
        say(f"error: {error}")
        return 1
    return demo(rest) if options.target == "demo" else test(rest)


if __name__ == "__main__":
    sys.exit(main())
