"""Videos too large for a message go through Gemini's file store, once each, and are taken away again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_server import BadServer
from tests.llm.made_models import KEY, Judged, find_text, make_model
from videophy_lab.llm import ANSWERED, FAILED, Media, Request

LARGE = bytes(range(256)) * 40


def make_requests(count: int, *, videos: int = 1) -> list[Request]:
    media = [Media("video/mp4", f"{number:064x}", lambda: LARGE, 8.0) for number in range(videos)]
    return [Request((media[number % videos], f"Question {number}"), Judged) for number in range(count)]


def test_a_large_video_is_uploaded_once_and_deleted(tmp_path: Path) -> None:
    with BadServer(states=("PROCESSING", "PROCESSING", "ACTIVE")) as server:
        model = make_model(server, "google", tmp_path, inline_mb=0.01)
        replies = model.ask(make_requests(6, videos=2))
        deleted = [call.path for call in server.calls if call.method == "DELETE"]
    assert [reply.status for reply in replies] == [ANSWERED] * 6
    assert server.uploaded == [LARGE, LARGE]
    assert len(deleted) == 2
    assert server.files == {}
    parts = server.asked[0].body["contents"][0]["parts"]
    assert parts[0]["videoMetadata"] == {"fps": 8.0}
    address = parts[0]["fileData"]["file_uri"]
    assert address.endswith(("files/clip0", "files/clip1"))
    assert "inlineData" not in parts[0]
    assert find_text(KEY, tmp_path) == []


def test_a_small_video_is_not_uploaded(tmp_path: Path) -> None:
    with BadServer() as server:
        make_model(server, "google", tmp_path, inline_mb=0.02).ask(make_requests(1))
    assert [call.method for call in server.calls] == ["POST"]
    assert server.uploaded == []


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        (("PROCESSING", "FAILED"), "could not process the uploaded video"),
        (("PROCESSING",), "was not ready within 3 s"),
    ],
)
def test_a_video_that_never_gets_ready(states: tuple, reason: str, tmp_path: Path) -> None:
    with BadServer(states=states) as server:
        model = make_model(server, "google", tmp_path, inline_mb=0.01, timeout=1.5)
        replies = model.ask(make_requests(2))
    assert [reply.status for reply in replies] == [FAILED] * 2
    assert all(reason in reply.reason for reply in replies)
    assert server.asked == []
    assert server.files == {}, "deleted all the same"
