"""Serve a task to a browser on this machine, and to nobody else.

The server listens on the loopback address only. Every address begins with a random token, which no other
page or user of the machine can guess. A request whose Host is not this server's is refused (a name that was
pointed at this machine does not help), and so is one that another site has sent. A request names videos by
keys of the task, never by paths.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import re
import socket
import socketserver
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from videophy_lab.annotation.frontend import make_page, make_refusal, make_script, make_style
from videophy_lab.annotation.project import Project
from videophy_lab.annotation.session import AnswerError

HOST = "127.0.0.1"
MOST_BODY = 32 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})$")


class Refused(Exception):
    """A request that is not answered as it was meant: a status and a reason."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serve one project.

    Parameters
    ----------
    project : Project
    token : str
    port : int
        0 takes a free one.
    annotator : str
        Who annotates; asked on the page when blank.

    Raises
    ------
    OSError
        The port is taken.
    """

    daemon_threads = True
    # a port that a dead server has left is free, one that another listens on is not
    allow_reuse_address = True

    def __init__(self, project: Project, *, token: str, port: int = 0, annotator: str = "") -> None:
        self.project, self.token, self.annotator = project, token, annotator
        self.changed = threading.Event()
        self.links: set[socket.socket] = set()
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a browser in a thread of its own."""
        self.links.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self.links.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening, and hang up: a browser's open connection would go on being answered."""
        super().server_close()
        for link in tuple(self.links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    @property
    def address(self) -> str:
        """Give the address to open."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Give what a request's Host may be."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that hang up."""


class Handler(BaseHTTPRequestHandler):
    """Answer one browser."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "videophy-lab", ""
    timeout = 60

    def do_GET(self) -> None:
        """Give the page, its parts, and videos."""
        self._run(self._get)

    def do_HEAD(self) -> None:
        """Give the headers of what GET gives."""
        self._run(self._get)

    def do_POST(self) -> None:
        """Take a name or an answer."""
        self._run(self._post)

    def log_message(self, format: str, *args: Any) -> None:  # the name is the base class's
        """Log nothing: addresses hold the token."""

    def _run(self, work: Any) -> None:
        try:
            work(self._check())
        except Refused as refusal:
            # what was sent with it is not read, so the connection cannot be used again
            self.close_connection = True
            if refusal.status == HTTPStatus.FORBIDDEN and "text/html" in self.headers.get("Accept", ""):
                self._send(make_refusal(str(refusal)).encode(), "text/html; charset=utf-8", refusal.status)
            else:
                self._send_json({"error": str(refusal)}, refusal.status)
        except OSError as error:
            if not isinstance(error, ConnectionError | TimeoutError):
                self._send_json({"error": f"{error.strerror or error}"}, HTTPStatus.INTERNAL_SERVER_ERROR)
            self.close_connection = True

    def _check(self) -> str:
        """Check who asks; give what is asked for behind the token."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].lower() not in self.server.hosts:
            raise Refused(HTTPStatus.FORBIDDEN, "this server is for its own machine only")
        token, _, rest = urlsplit(self.path).path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "open the address that the command has printed")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in [f"http://{host}" for host in self.server.hosts]:
            raise Refused(HTTPStatus.FORBIDDEN, "another site asks")
        # a link to the page may stand anywhere, say in a terminal that is a web page itself
        followed = self.command == "GET" and self.headers.get("Sec-Fetch-Dest") == "document"
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and not followed:
            raise Refused(HTTPStatus.FORBIDDEN, "another site asks")
        return rest

    def _get(self, rest: str) -> None:
        project = self.server.project
        if urlsplit(self.path).path == f"/{self.server.token}":
            # without the last slash the page would not find its parts
            more = {"Location": f"/{self.server.token}/"}
            self._send(b"", "text/plain", HTTPStatus.PERMANENT_REDIRECT, more)
        elif rest == "":
            page = make_page(title="Annotation", annotator=self.server.annotator, place=project.place)
            self._send(page.encode(), "text/html; charset=utf-8")
        elif rest == "annotate.js":
            self._send(make_script().encode(), "text/javascript; charset=utf-8")
        elif rest == "annotate.css":
            self._send(make_style().encode(), "text/css; charset=utf-8")
        elif rest.startswith("footage/"):
            key = self._check_key(rest.removeprefix("footage/"))
            self._send_json(project.reel.describe(key) | {"src": f"video/{key}"})
        elif rest.startswith("video/"):
            self._send_video(self._check_key(rest.removeprefix("video/")))
        else:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _post(self, rest: str) -> None:
        message = self._read_body()
        name = self.server.annotator or message.get("annotator")
        try:
            if rest == "open":
                self._send_json(self.server.project.open(name))
            elif rest == "answer":
                reply = self.server.project.open_session(name).answer(message)
                self.server.changed.set()
                self._send_json(reply)
            else:
                raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        except AnswerError as error:
            self._send_json({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except ValueError as error:
            self._send_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    def _read_body(self) -> dict[str, Any]:
        if self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "say how long the body is")
        if len(length) > 12 or int(length) > MOST_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {MOST_BODY} bytes")
        try:
            message = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
        if not isinstance(message, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is no object")
        return message

    def _check_key(self, key: str) -> str:
        if key not in self.server.project.task.by_key:
            raise Refused(HTTPStatus.NOT_FOUND, "the task has no such video")
        return key

    def _send_video(self, key: str) -> None:
        shown = self.server.project.reel.look(key)
        if isinstance(shown, str):
            raise Refused(HTTPStatus.NOT_FOUND, shown)
        total = len(shown.data)
        part = find_range(self.headers.get("Range"), total)
        if part is None:
            more = {"Accept-Ranges": "bytes"}
            self._send(shown.data, "video/mp4", more=more)
        elif part.start >= part.stop:
            more = {"Content-Range": f"bytes */{total}"}
            self._send(b"", "video/mp4", HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, more)
        else:
            more = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {part.start}-{part.stop - 1}/{total}"}
            self._send(shown.data[part.start : part.stop], "video/mp4", HTTPStatus.PARTIAL_CONTENT, more)

    def _send_json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(value).encode(), "application/json", status)

    def _send(
        self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **HEADERS, **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def find_range(header: str | None, total: int) -> range | None:
    """Read a Range of one part; None for the whole, an empty range where there is no such part."""
    found = RANGE.match(header or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":
        return range(max(0, total - int(last)), total)
    if int(first) >= total or (last and int(last) < int(first)):
        return range(0)
    return range(int(first), min(int(last) + 1, total) if last else total)
