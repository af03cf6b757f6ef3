"""Servers of the tests of the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.service.database_address import parse_address
from engine.service.postgres_link import Link
from tests.engine.service.postgres import PASSWORD, Postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A running PostgreSQL."""
    pytest.importorskip("pg8000", reason="pg8000 is not installed (extra 'postgres')")
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Link]:
    """A connection of the test's own to a server without a queue; commands get the password by the environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    link = Link(parse_address(server.url), PASSWORD, "tests")
    link.run("DROP SCHEMA IF EXISTS saerad CASCADE")
    yield link
    link.close()
