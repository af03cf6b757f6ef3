"""The health page, on the loopback interface only: JSON for machines, a small table for people."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from engine.errors import ServiceError
from engine.network.nodes import LOOPBACK

State = Callable[[], dict[str, object]]


class HealthPage:
    """Answers ``/health`` (JSON) and ``/`` (HTML) while it is open.

    Parameters
    ----------
    port : int
        0 takes a free one; see `port`.
    state : callable
        Returns what is shown, no identities in it.

    Raises
    ------
    ServiceError
        ``HEALTH_PORT``.
    """

    def __init__(self, port: int, state: State) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                kind, text = ("application/json", json.dumps(state())) if self.path == "/health" else _page(state())
                body = text.encode()
                self.send_response(200 if self.path in ("/", "/health") else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *values: object) -> None:
                """Requests are not logged."""

        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        except OSError as error:
            raise ServiceError(
                "HEALTH_PORT",
                f"the port {port} of the health page cannot be opened ({error.strerror})",
                "choose another",
            ) from error
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="saerad-health", daemon=True).start()

    def close(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


def _page(state: dict[str, object]) -> tuple[str, str]:
    style = "body{font:16px sans-serif;margin:2em}th,td{text-align:left;vertical-align:top;padding-right:2em}"
    return "text/html; charset=utf-8", (
        f"<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=5><title>saerad serve</title>"
        f"<style>{style}</style><h1>saerad serve</h1><p>Research use only.{_table(state)}"
    )


def _table(state: dict[str, object]) -> str:
    rows = "".join(f"<tr><th>{html.escape(name)}<td>{_cell(value)}" for name, value in state.items())
    return f"<table>{rows}</table>"


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "<hr>".join(_table(row) for row in value)
    return html.escape(str(value))
