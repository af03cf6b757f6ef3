"""The file of nodes: what is wrong in it is named, and no secret is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.network.nodes import DimseNode, WebNode, load_nodes
from engine.network.query import Query

PACS = '[nodes.pacs]\nkind = "dimse"\nhost = "pacs.example"\nport = 104\nae_title = "PACS"\n'
WEB = '[nodes.web]\nkind = "dicomweb"\nurl = "https://pacs.example/dicom-web"\n'


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_both_kinds_are_read(tmp_path: Path) -> None:
    tls = 'tls = { ca = "ca.pem" }\n'
    nodes = load_nodes(write(tmp_path / "nodes.toml", PACS + tls + WEB + 'auth = "bearer"\n'))
    pacs, web = nodes.find("pacs"), nodes.find("web")
    assert isinstance(pacs, DimseNode) and (pacs.host, pacs.port, pacs.retrieve) == ("pacs.example", 104, "get")
    assert pacs.tls is not None and pacs.tls.ca == str(tmp_path / "ca.pem") and pacs.tls.key == ""
    assert isinstance(web, WebNode) and web.auth == "bearer"
    assert nodes.local.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (PACS.replace("104", "0"), "nodes.pacs.port"),
        (PACS.replace('"PACS"', '"A TITLE THAT IS TOO LONG"'), "nodes.pacs.ae_title"),
        (PACS + "tsl = true\n", "nodes.pacs.tsl"),
        (PACS + 'tls = { certificate = "c.pem" }\n', "certificate and key go together"),
        (PACS.replace("dimse", "ftp"), "nodes.pacs"),
        (WEB.replace("https", "http") + 'auth = "bearer"\n', "https:// only"),
        (WEB.replace("https://", "https://user:pass@"), "url holds no user"),
        (WEB + 'auth = "basic"\nuser = "me"\npassword = "x"\n', "keyring"),
        (WEB + 'auth = "basic"\n', "user goes with"),
        ("[nodes.pacs\n", "line 1"),
        ("[nodes.'a b']\n", "nodes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UsageError, match="NODES_FILE") as caught:
        load_nodes(write(tmp_path / "nodes.toml", text))
    assert named in str(caught.value)


def test_no_file_declares_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAERAD_NODES", str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="NODE_UNKNOWN"):
        load_nodes().find("pacs")
    with pytest.raises(UsageError, match="NODES_FILE"):
        load_nodes(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": "series"},
        {"keys": {"date": "yesterday"}},
        {"keys": {"study": "1.2/../3"}},
        {"keys": {"name": "a\\b"}},
        {"limit": 0},
    ],
)
def test_questions_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="QUERY_KEYS"):
        Query(**wrong)  # type: ignore[arg-type]
