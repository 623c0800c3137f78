"""The server: reachable with its token, from its own machine, for what a task holds, and for nothing else."""

from __future__ import annotations

import http.client
import json
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.annotation.made_tasks import make_small_task, write_videos
from videophy_lab.annotation import Project, make_task, serve, serving
from videophy_lab.annotation.project import ADDRESS_FILE
from videophy_lab.annotation.server import MOST_BODY, Server, find_range


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    task = make_task(write_videos(folder / "videos", n_prompts=2), attention_every=0)
    with serve(Project(task, folder / "ratings.csv")) as running:
        yield running


def ask(
    server: Server, method: str, path: str, body: object = None, **headers: str
) -> http.client.HTTPResponse:
    """Send a request below the token, byte for byte as given; give the answer with its body read."""
    link = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if data is not None:
        given = {"Content-Type": "application/json", **given}
    link.putrequest(method, path, skip_host="Host" in given, skip_accept_encoding=True)
    if data is not None and "Content-Length" not in given:
        given["Content-Length"] = str(len(data))
    for name, value in given.items():
        link.putheader(name, value)
    link.endheaders(data)
    reply = link.getresponse()
    reply.data = reply.read()
    link.close()
    return reply


def below(server: Server, rest: str = "") -> str:
    return f"/{server.token}/{rest}"


def answer(server: Server, value: object, number: int = 1, **more: object) -> dict:
    item = server.project.task.items[0].key
    return {
        "annotator": "Ada",
        "answer_id": f"server-{number:04d}",
        "item": item,
        "question": "pc",
        "value": value,
    } | more


@pytest.mark.parametrize(
    "path",
    ["/", "/index.html", "//", "/wrong/", "/{short}/", "/{token}", "/{token}x/", "/x/{token}/", "/%2e/", "*"],
)
def test_without_the_token_there_is_nothing(server: Server, path: str) -> None:
    path = path.replace("{token}", server.token).replace("{short}", server.token[:-1])
    # what follows the token is checked only behind it
    wanted = 308 if path == f"/{server.token}" else 403
    reply = ask(server, "GET", path)
    assert reply.status == wanted
    if wanted == 403:
        assert server.token.encode() not in reply.data
    assert ask(server, "POST", f"{path}open", {"annotator": "Ada"}).status == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "",
        "0.0.0.0:{port}",
    ],
)
def test_another_host_is_refused_as_after_rebinding_of_a_name(server: Server, host: str) -> None:
    host = host.replace("{port}", str(server.server_port))
    for method, rest in (("GET", ""), ("POST", "open")):
        assert ask(server, method, below(server, rest), {"annotator": "A"}, Host=host).status == 403


def test_a_request_without_a_host_or_with_two_is_refused(server: Server) -> None:
    for hosts in ("", f"Host: 127.0.0.1:{server.server_port}\r\nHost: evil.example\r\n"):
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as link:
            link.sendall(f"GET {below(server)} HTTP/1.1\r\n{hosts}\r\n".encode())
            assert b" 403 " in link.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "more",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_another_site_is_refused_and_gets_no_permission(server: Server, more: dict) -> None:
    reply = ask(server, "POST", below(server, "open"), {"annotator": "Ada"}, **more)
    assert reply.status == 403
    assert reply.getheader("Access-Control-Allow-Origin") is None
    assert ask(server, "GET", below(server, "annotate.js"), **more).status == 403
    assert ask(server, "OPTIONS", below(server, "open"), **more).status == 501


def test_a_link_to_the_page_may_be_followed_from_anywhere(server: Server) -> None:
    more = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate"}
    assert ask(server, "GET", below(server), **more).status == 200
    assert ask(server, "POST", below(server, "open"), {"annotator": "Ada"}, **more).status == 403


def test_the_pages_own_requests_are_answered(server: Server) -> None:
    for host in (f"127.0.0.1:{server.server_port}", f"localhost:{server.server_port}"):
        reply = ask(server, "POST", below(server, "open"), {"annotator": "Ada"}, Host=host,
                    Origin=f"http://{host}", Sec_Fetch_Site="same-origin")  # fmt: skip
        assert reply.status == 200
        assert len(json.loads(reply.data)["items"]) == 8


def test_it_listens_on_this_machine_only(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    other = next((each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
                  if not each[4][0].startswith("127.")), None)  # fmt: skip
    if other is not None:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((other, server.server_port), timeout=2)


@pytest.mark.parametrize(
    "rest",
    [
        "video/../../../etc/passwd", "video/..%2f..%2fetc%2fpasswd", "../", "video/", "video/0", "footage/x",
        "annotate.py", "video/%00", ".address.json", "task.json", "x/../annotate.js", "video//etc/passwd",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_task(server: Server, rest: str) -> None:
    reply = ask(server, "GET", below(server, rest))
    assert reply.status == 404
    assert b"root:" not in reply.data


def test_a_body_that_is_too_large_or_none_is_refused_without_being_read(server: Server) -> None:
    for body, headers, status in (
        (b"x" * (MOST_BODY + 1), {}, 413),
        (b"{}", {"Content_Length": "99999999999999999999"}, 413),
        (b"", {"Content_Length": "-1"}, 411),
        (b"", {"Content_Length": "\u00b2"}, 411),
        (b"{", {}, 400),
        (b"[" * 20000, {}, 400),
        (b"[1]", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"annotator": ""}, {}, 400),
        ({"annotator": ["Ada"]}, {}, 400),
    ):
        reply = ask(server, "POST", below(server, "open"), body, **headers)
        assert reply.status == status, (body, headers)
        assert json.loads(reply.data)["error"]
    assert ask(server, "POST", below(server, "open"), {"annotator": "Ada"}).status == 200


def test_a_connection_goes_on_after_an_answer_and_ends_after_a_refusal(server: Server) -> None:
    link = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    for _ in range(3):
        link.request("GET", below(server, "annotate.css"))
        assert link.getresponse().read()
    link.request("POST", below(server, "open"), b"x" * 10, {"Content-Type": "text/plain"})
    reply = link.getresponse()
    assert (reply.status, reply.getheader("Connection")) == (415, "close")
    link.close()


def test_every_answer_carries_what_keeps_the_page_to_itself(server: Server) -> None:
    for rest, status in (("", 200), ("annotate.js", 200), ("nothing", 404)):
        reply = ask(server, "GET", below(server, rest))
        assert reply.status == status
        assert "default-src 'none'" in reply.getheader("Content-Security-Policy", "")
        assert "unsafe" not in reply.getheader("Content-Security-Policy", "")
        assert reply.getheader("Referrer-Policy") == "no-referrer"
        assert reply.getheader("X-Frame-Options") == "DENY"
        assert reply.getheader("Cache-Control") == "no-store"
        assert reply.getheader("Server") == "videophy-lab "


def test_videos_come_whole_and_in_parts(server: Server) -> None:
    clip = server.project.task.clips[0]
    data = Path(clip.path).read_bytes()
    described = json.loads(ask(server, "GET", below(server, f"footage/{clip.key}")).data)
    assert (described["frames"], described["fps"], described["fault"]) == (16, 8, "")
    path = below(server, described["src"])
    whole = ask(server, "GET", path)
    assert (whole.status, whole.data, whole.getheader("Accept-Ranges")) == (200, data, "bytes")
    for asked, part in (("0-9", data[:10]), ("5-", data[5:]), ("-7", data[-7:]), ("0-99999999", data)):
        reply = ask(server, "GET", path, Range=f"bytes={asked}")
        assert (reply.status, reply.data) == (206, part)
        assert reply.getheader("Content-Range").endswith(f"/{len(data)}")
    for asked in (f"{len(data)}-", "9-5"):
        reply = ask(server, "GET", path, Range=f"bytes={asked}")
        assert (reply.status, reply.getheader("Content-Range")) == (416, f"bytes */{len(data)}")
    for odd in ("bytes=-", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b"):
        assert ask(server, "GET", path, Range=odd).status == 200
    head = ask(server, "HEAD", path)
    assert (head.getheader("Content-Length"), head.data) == (str(len(data)), b"")


def test_ranges_are_read_as_the_standard_says() -> None:
    assert find_range("bytes=0-0", 10) == range(0, 1)
    assert find_range("bytes=-20", 10) == range(0, 10)
    assert find_range(None, 10) is None
    assert find_range("bytes=" + "9" * 40 + "-", 10) is None


def test_a_video_that_cannot_be_shown_says_why_and_not_where_it_lies(tmp_path: Path) -> None:
    task = make_small_task(1)
    with serve(Project(task, tmp_path / "ratings.csv")) as server:
        key = task.clips[0].key
        reply = ask(server, "GET", below(server, f"footage/{key}"))
        assert "wan0.mp4" in json.loads(reply.data)["fault"]
        assert str(tmp_path) not in reply.data.decode()
        assert ask(server, "GET", below(server, f"video/{key}")).status == 404


def test_a_refused_answer_says_so_in_a_way_that_is_not_tried_again(server: Server) -> None:
    reply = ask(server, "POST", below(server, "answer"), answer(server, 9))
    assert (reply.status, json.loads(reply.data)["error"][:3]) == (422, "'9'")
    assert ask(server, "POST", below(server, "nothing"), answer(server, 3)).status == 404


def test_answers_are_written_as_ratings_while_it_runs_and_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "WRITE_EVERY", 0.05)
    task = make_small_task(1)
    out = tmp_path / "ratings.csv"
    with serve(Project(task, out)) as server:
        assert ask(server, "POST", below(server, "answer"), answer(server, 4)).status == 200
        end = time.monotonic() + 60
        while not out.exists():
            assert time.monotonic() < end, "the ratings were not written"
            time.sleep(0.02)
        body = answer(server, 5, 2) | {"item": task.items[3].key}
        assert ask(server, "POST", below(server, "answer"), body).status == 200
    assert len(out.read_text().splitlines()) == 3


def test_a_server_that_comes_back_has_the_same_address_unless_it_is_taken(tmp_path: Path) -> None:
    def make() -> Project:
        return Project(make_small_task(1), tmp_path / "ratings.csv")

    with serve(make()) as first:
        address, port = first.address, first.server_port
        kept = first.project.folder / ADDRESS_FILE
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        with pytest.raises(OSError, match="in use"), serve(make(), port=port):
            pass
    with serve(make()) as second:
        assert second.address == address
        door = second.project.write_door(address)
        assert (stat.S_IMODE(door.stat().st_mode), f"url={address}" in door.read_text()) == (0o600, True)
        with serve(make()) as third:
            assert third.token == second.token
            assert third.server_port != port
    kept.write_text("torn {")
    with serve(make()) as fourth:
        assert fourth.token != second.token


def test_who_is_named_by_the_command_cannot_be_somebody_else(tmp_path: Path) -> None:
    with serve(Project(make_small_task(1), tmp_path / "ratings.csv"), annotator="Ada") as server:
        assert (
            json.loads(ask(server, "POST", below(server, "open"), {"annotator": "Eve"}).data)["annotator"]
            == "Ada"
        )
        assert b'data-annotator="Ada"' in ask(server, "GET", below(server)).data
