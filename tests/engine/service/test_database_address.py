"""The address of a common queue holds no secret, and the password comes from where PostgreSQL's own programs look."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest
from keyring.errors import NoKeyringError

from engine.cli.main import main
from engine.errors import UsageError
from engine.network.nodes import TLS
from engine.service.database_address import DatabaseAddress, parse_address, read_password

HERE = DatabaseAddress("127.0.0.1", 5432, "queue", "saerad", None)


def test_an_address_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_address("postgresql://saerad@127.0.0.1/queue") == HERE
    monkeypatch.setenv("PGUSER", "somebody")
    far = parse_address("postgres://db.hospital.example:5433/a%20b?sslrootcert=ca.pem")
    assert far == DatabaseAddress("db.hospital.example", 5433, "a b", "somebody", TLS(ca="ca.pem"))
    assert parse_address("postgresql://u@db/q").tls == TLS(), "another machine always by TLS"
    assert parse_address("postgresql://u@localhost/q?sslrootcert=ca.pem").tls is not None


@pytest.mark.parametrize(
    "text",
    [
        "queue", "mysql://u@h/q", "postgresql://u@h", "postgresql:///q", "postgresql://u@h:x/q", "postgresql://u@h/q#f",
        "postgresql://u:secret@h/q", "postgresql://u@h/q?password=secret", "postgresql://u@h/q?sslmode=disable",
        "postgresql://u@h/q?sslcert=a.pem", "postgresql://u@h/q?x",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_no_secret_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="QUEUE_ADDRESS") as error:
        parse_address(text)
    assert "secret@" not in str(error.value) and "=secret" not in str(error.value)


def test_the_password_comes_from_environment_file_or_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pass"
    path.write_text(
        "# of the group\nother:5432:queue:saerad:no\n127.0.0.1:*:queue:saerad:a\\:b\\\\c:d\n*:*:*:*:last\n",
        encoding="utf-8",
    )
    path.chmod(0o644)
    asked = []

    def get(service: str, name: str) -> str:
        asked.append((service, name))
        return "from the keyring"

    monkeypatch.setattr(keyring, "get_password", get)
    monkeypatch.setenv("PGPASSFILE", str(path))
    monkeypatch.setenv("PGPASSWORD", "given")
    assert read_password(HERE) == "given"
    monkeypatch.delenv("PGPASSWORD")
    with pytest.raises(UsageError, match="QUEUE_PASSFILE"):
        read_password(HERE)
    path.chmod(0o600)
    assert read_password(HERE) == "a:b\\c:d"
    assert read_password(parse_address("postgresql://x@127.0.0.1/y")) == "last"
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "absent"))
    assert read_password(HERE) == "from the keyring"
    assert asked == [("saerad queue", "saerad@127.0.0.1:5432/queue")]

    def none(service: str, name: str) -> str:
        raise NoKeyringError

    monkeypatch.setattr(keyring, "get_password", none)
    assert read_password(HERE) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nothing would be received"),
        (["--work-only"], "--work-only goes with --queue"),
        (["--work-only", "--queue", "postgresql://u@h/q", "--listen"], "--work-only goes with --queue"),
        (["--work-only", "--queue", "postgresql://u:p@h/q"], "QUEUE_ADDRESS"),
        (["--work-only", "--queue", "postgresql://u@h/q", "--lease", "3"], "at least 4 seconds"),
    ],
)
def test_arguments_that_do_not_fit_together(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = tmp_path / "nodes.toml"
    nodes.write_text('[nodes.pacs]\nkind = "dimse"\nhost = "h"\nport = 1\nae_title = "A"\n', encoding="utf-8")
    assert main(["serve", "pacs", "--nodes", str(nodes), *words]) == 2
    assert told in capsys.readouterr().err
