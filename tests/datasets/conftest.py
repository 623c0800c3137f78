"""A small file in the official form with all its quirks, and a hub on this machine."""

from __future__ import annotations

import csv
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HEADER = [
    "caption",
    "video_url",
    "sa",
    "pc",
    "joint",
    "action",
    "is_hard",
    "physics_rules_followed",
    "physics_rules_unfollowed",
    "physics_rules_cannot_be_determined",
    "human_violated_rules",
    "model_name",
    "category",
    "",
    "metadata_rules",
    "upsampled_caption",
]
SPOON = "A spoon stirs tea; the leaves swirl."
KITE = "Someone’s kite — a red one — dives."
HOST = "https://videos.invalid"


def make_rows() -> list[list[str]]:
    """Make four videos of two captions, with every quirk of the official files."""
    return [
        [SPOON, f"{HOST}/wan/A_spoon.mp4", "4", "5", "1", "stirring", "1",
         "['The tea turns.', \"The spoon's end stays whole.\"]", "[]", "[nan]",
         "['The cup moves by itself.']",
         "wan", "Sports and Physical Activities", "",
         "{'The tea turns.': 'Conservation of Momentum', "
         "'The cup moves by itself.': [\"Newton's First Law of Motion\"]}",
         "A long tale of a spoon."],
        [SPOON, f"{HOST}/cogvideo/A_spoon.mp4", "2", "4", "0", "", "0",
         "[]", "['The tea turns.']", "['The leaves sink.', nan]", "[]",
         "cogvideo", "", "",
         "{'The tea turns.': 'None', 'The leaves sink.': 'gravity', nan: 'Friction'}", ""],
        [KITE, f"{HOST}/wan/Someone’s_kite_—_a_red_one.mp4", "1", "3", "0", "flying kite", "0",
         "['The kite falls.']", "", "[]", "[]", "wan", "", "", "", ""],
        [KITE, "https://cdn.invalid/0f1e2d", "5", "4", "1", "flying kite", "0",
         "[]", "[]", "[]", "[]", "ray2", "", "", "{}", ""],
    ]  # fmt: skip


def write_rows(path: Path, rows: list[list[str]], header: list[str] | None = None) -> Path:
    """Write rows as the official CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header or HEADER, *rows])
    return path


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """Give a folder with ``videophy2_test.csv``."""
    folder = tmp_path / "official"
    folder.mkdir()
    write_rows(folder / "videophy2_test.csv", make_rows())
    return folder


COMMIT = "c0ffee" * 6 + "abcd"


class Hub(ThreadingHTTPServer):
    """A server that answers like the hub, or badly when told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.behaviour: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        self.agents: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        """Stay silent when a client hangs up."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *args) -> None:
        """Stay silent."""

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        path = self.path
        if with_body:
            self.server.calls[path] += 1
        how = self.server.behaviour.get(path, "")
        if how.startswith("busy") and self.server.calls[path] <= 2:
            return self.send(503, b"busy", with_body, {"Retry-After": "0"})
        if how == "page":
            return self.send(
                200, b"<!doctype html><p>Access Denied</p>", with_body, {"Content-Type": "text/html"}
            )
        if how == "xml":
            return self.send(200, b"<?xml version='1.0'?><Error/>", with_body, {"Content-Type": "video/mp4"})
        if path not in self.server.files:
            return self.send(404, b"not found", with_body, {"X-Error-Code": "EntryNotFound"})
        body = self.server.files[path]
        if how == "truncated":
            return self.send(200, body[: len(body) // 2], with_body, {}, promised=len(body))
        return self.send(200, body, with_body, {})

    def send(
        self, status: int, body: bytes, with_body: bool, headers: dict[str, str], promised: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(promised or len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)
        if promised:
            self.close_connection = True


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Give a hub on 127.0.0.1."""
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
