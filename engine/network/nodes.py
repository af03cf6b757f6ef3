"""The archives that the user declared, in a TOML file without secrets."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import UsageError
from engine.resources import APP_NAME

LOOPBACK = "127.0.0.1"
_SECRET_NAMES = frozenset({"password", "passwd", "secret", "token", "bearer", "api_key", "apikey"})


def _ae_title(text: str) -> str:
    """Check an application entity title (PS3.5 6.2: 16 characters of the default repertoire, no backslash)."""
    if not text.strip() or len(text) > 16 or not text.isascii() or not text.isprintable() or "\\" in text:
        raise ValueError("an AE title has 1 to 16 ASCII characters and no backslash")
    return text.strip()


AETitle = Annotated[str, AfterValidator(_ae_title)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TLS(_Table):
    """Files of a TLS connection; relative names are beside the nodes file.

    Attributes
    ----------
    ca : str
        PEM file of the authorities that are trusted instead of the system's; empty for the system's.
    certificate, key : str
        PEM files by which this program shows who it is, both or neither.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""

    @model_validator(mode="after")
    def _pair(self) -> TLS:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key go together")
        return self


class Local(_Table):
    """What this program calls itself, and where it listens while C-MOVE retrieves or ``saerad serve`` runs."""

    ae_title: AETitle = "SAERAD"
    host: str = LOOPBACK
    port: Port = 11112
    tls: TLS | None = None


class DimseNode(_Table):
    """An archive that speaks DIMSE (PS3.7)."""

    kind: Literal["dimse"]
    host: str = Field(min_length=1)
    port: Port
    ae_title: AETitle
    retrieve: Literal["get", "move"] = "get"
    tls: TLS | None = None
    timeout: Seconds = 30.0


class WebNode(_Table):
    """An archive that speaks DICOMweb (PS3.18); the secret of `auth` is in the system's keyring."""

    kind: Literal["dicomweb"]
    url: str
    auth: Literal["none", "basic", "bearer"] = "none"
    user: str = ""
    tls: TLS | None = None
    timeout: Seconds = 30.0

    @model_validator(mode="after")
    def _safe(self) -> WebNode:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url begins with https:// or http:// and names a host")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("url holds no user, password, query or fragment")
        if parts.scheme == "http" and self.auth != "none" and not is_loopback(parts.hostname):
            raise ValueError("a secret is sent over https:// only, except to this machine itself")
        if (self.auth == "basic") != bool(self.user):
            raise ValueError("user goes with auth = 'basic', and with nothing else")
        return self


_Placed = TypeVar("_Placed", Local, DimseNode, WebNode, DimseNode | WebNode)
Node = Annotated[DimseNode | WebNode, Field(discriminator="kind")]


class Nodes(_Table):
    """The whole file."""

    local: Local = Local()
    nodes: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")], Node] = {}

    def find(self, name: str) -> DimseNode | WebNode:
        """Return the node of a name.

        Raises
        ------
        UsageError
            ``NODE_UNKNOWN``.
        """
        if name not in self.nodes:
            known = ", ".join(self.nodes) or "none is declared"
            raise UsageError(
                "NODE_UNKNOWN",
                f"there is no node {name!r} ({known})",
                f"declare it in {nodes_path()}; see docs/pacs.md",
            )
        return self.nodes[name]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    return host in ("localhost", "::1") or host.startswith("127.")


def nodes_path() -> Path:
    """Return where the user's nodes are declared; ``SAERAD_NODES`` names another file."""
    named = os.environ.get("SAERAD_NODES")
    return Path(named) if named else platformdirs.user_config_path(APP_NAME, appauthor=False) / "nodes.toml"


def load_nodes(path: Path | None = None) -> Nodes:
    """Read the nodes file; one that does not exist declares none.

    Raises
    ------
    UsageError
        ``NODES_FILE`` with the place and what is wrong.
    """
    chosen = path or nodes_path()
    if path is None and not chosen.exists():
        return Nodes()
    try:
        text = chosen.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise refusal(chosen, str(error.strerror if isinstance(error, OSError) else error)) from error
    nodes = check_nodes(chosen, text)
    placed = {name: _placed(one, chosen.parent) for name, one in nodes.nodes.items()}
    return nodes.model_copy(update={"nodes": placed, "local": _placed(nodes.local, chosen.parent)})


def raw_nodes(path: Path) -> Nodes:
    """Return what a file declares, with the names of files as they stand there; none where there is no file.

    Raises
    ------
    UsageError
        ``NODES_FILE``.
    """
    return check_nodes(path, nodes_text(path))


def nodes_text(path: Path) -> str:
    """Return the text of a nodes file, empty where there is none; raises as `raw_nodes`."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise refusal(path, str(error)) from error


def check_nodes(path: Path, text: str) -> Nodes:
    """Return what the text of a nodes file declares, with the names of files as they stand there.

    Raises
    ------
    UsageError
        ``NODES_FILE`` with the place and what is wrong.
    """
    try:
        content = tomllib.loads(text)
        _refuse_secrets(content)
        return Nodes.model_validate(content)
    except ValidationError as error:
        raise refusal(path, wrong_in(error)) from error
    except (ValueError, RecursionError) as error:
        raise refusal(path, str(error)) from error


def wrong_in(error: ValidationError) -> str:
    """Return the first thing that is wrong, and where."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("dimse", "dicomweb"))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _refuse_secrets(content: object) -> None:
    if isinstance(content, dict):
        for name, value in content.items():
            if str(name).lower() in _SECRET_NAMES:
                raise ValueError(
                    f"{name!r} is a secret, which belongs into the keyring: saerad query NODE --set-secret"
                )
            _refuse_secrets(value)


def _placed(node: _Placed, folder: Path) -> _Placed:
    """Return a node, or what is ours, with the files of its TLS found from the folder of the nodes file."""
    if node.tls is None:
        return node
    found = {name: str(folder / value) if value else "" for name, value in node.tls.model_dump().items()}
    return node.model_copy(update={"tls": TLS(**found)})


def refusal(path: Path, reason: str, hint: str = "see docs/pacs.md") -> UsageError:
    """Say that the file of nodes cannot be used."""
    return UsageError("NODES_FILE", f"the file of nodes {path} cannot be used ({reason})", hint)
