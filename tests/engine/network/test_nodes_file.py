"""The file of nodes is changed in one place, and what a person wrote beside it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.network.nodes import TLS, DimseNode, Local, WebNode, load_nodes, raw_nodes
from engine.network.nodes_file import remove_node, save_local, save_node

BY_HAND = """# our archives
[local]
ae_title = "WS1"   # agreed with radiology

[nodes.pacs]  # the big one
kind = "dimse"
host = "pacs.example"
port = 104
ae_title = "PACS"
[nodes.pacs.tls]
ca = "ca.pem"

# the web one
[nodes.web]
kind = "dicomweb"
url = "https://pacs.example/dicom-web"
"""
PACS = DimseNode(kind="dimse", host="new.example", port=11112, ae_title="NEW", retrieve="move", timeout=10.0)
WEB = WebNode(kind="dicomweb", url="https://two.example/d", auth="basic", user='Jürgen "J"', tls=TLS(ca="x y.pem"))


def test_a_new_file_is_made_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "nodes.toml"
    save_node(path, "pacs", PACS)
    save_node(path, "two.web", WEB)
    save_local(path, Local(ae_title="WS2"))
    nodes = load_nodes(path)
    assert nodes.nodes["pacs"] == PACS and nodes.local == Local(ae_title="WS2")
    assert raw_nodes(path).nodes["two.web"] == WEB
    assert nodes.nodes["two.web"].tls == TLS(ca=str(path.parent / "x y.pem"))
    remove_node(path, "two.web")
    remove_node(path, "pacs")
    assert raw_nodes(path).nodes == {} and path.read_text(encoding="utf-8") == '[local]\nae_title = "WS2"\n'


def test_other_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "nodes.toml"
    path.write_text(BY_HAND, encoding="utf-8")
    save_node(path, "main", PACS, before="pacs")
    text = path.read_text(encoding="utf-8")
    assert "# agreed with radiology" in text and "timeout = 10.0\n\n# the web one\n[nodes.web]" in text
    assert "nodes.pacs" not in text and list(raw_nodes(path).nodes) == ["main", "web"]
    remove_node(path, "main")
    assert list(raw_nodes(path).nodes) == ["web"] and raw_nodes(path).local.ae_title == "WS1"


@pytest.mark.parametrize(
    "text",
    ['nodes = { pacs = { kind = "dimse", host = "h", port = 1, ae_title = "A" } }\n', "[nodes\n", '[nodes."a b"]\n'],
)
def test_what_cannot_be_changed_here_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "nodes.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="NODES_FILE"):
        save_node(path, "other", PACS)
    assert path.read_text(encoding="utf-8") == text


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nodes.toml"
    save_node(path, "a", PACS)
    with pytest.raises(UsageError, match="already"):
        save_node(path, "a", PACS)
