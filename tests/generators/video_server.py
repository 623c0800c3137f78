"""A server on this machine that sells videos as Luma, OpenAI and Google do, and misbehaves by a plan.

A plan says, for a step (``submit``, ``poll``, ``list``, ``download``), what each of its calls meets, the last
one from then on. There is one for every text in which its word occurs; the empty word is in all of them.
Every job that is made is counted: it would be paid for.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bad_server import HTML, QuietServer
from tests.generators.video_replies import (
    DESCRIBE,
    LUMA,
    OPENAI,
    RUNNING_STATES,
    VEO,
    VERTEX,
    Sold,
    make_clip,
    read_seconds,
)

FILES = r"/v1/videos/(\w+)/content|/assets/(\w+)\.mp4|/v1beta/files/(\w+):download"
# HTTP errors; those of ERRORS_AFTER come although the job is made
ERRORS = {
    "429": (429, "slow down", None),
    "429 wait": (429, "slow down", "0.2"),
    "429 long": (429, "slow down", "3600"),
    "500": (500, "out of order", None),
    "503 wait": (503, "come again", "0.05"),
    "400": (400, "the prompt is not allowed: moderation failed", None),
    "401": (401, "invalid api key", None),
    "402": (402, "payment required", None),
    "403": (403, "not yours", None),
    "404": (404, "not found", None),
    "405": (405, "no such method", None),
    "400 model": (400, "unknown model", None),
    "400 credits": (400, "Insufficient credits", None),
    "429 quota": (429, "insufficient_quota", None),
}
ERRORS_AFTER = {"500 after": "500", "503 after": "503 wait"}
FAILURES = {"failed": "the machines are down", "moderated": "content_moderated: the frames are not allowed"}


@dataclass
class VideoServer:
    """What the server does and what it has seen.

    Attributes
    ----------
    plans : mapping of word to mapping of step to behaviours
    key : str
        The one that is right; every one is where it is empty.
    making : float
        Seconds until a job is done.
    before, after : float
        Seconds that a submission takes before and after its job is made.
    echoes : bool
        Whether a listed job says of which text it is.
    """

    plans: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    key: str = ""
    making: float = 0.0
    before: float = 0.0
    after: float = 0.0
    seconds: float = 0.0
    echoes: bool = True
    page: int = 100
    sold: list[Sold] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    steps: Counter = field(default_factory=Counter)
    busy: int = 0
    most_busy: int = 0
    address: str = ""

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.closed = threading.Event()

    def __enter__(self) -> VideoServer:
        self.http = QuietServer(("127.0.0.1", 0), type("Handler", (Handler,), {"shop": self}))
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def find_base(self, protocol: str) -> str:
        """Give the address for the option base_url."""
        return self.address + {LUMA: "/dream-machine/v1", OPENAI: "/v1"}.get(protocol, "")

    def choose(self, step: str, text: str) -> str:
        """Say what this call meets."""
        with self.lock:
            for word, plan in self.plans.items():
                if word in text and step in plan:
                    number = self.steps[step, word, text]
                    self.steps[step, word, text] += 1
                    return plan[step][min(number, len(plan[step]) - 1)]
        return "good"

    def sell(self, protocol: str, text: str, body: Mapping[str, Any]) -> Sold:
        """Make a job."""
        with self.lock:
            job = Sold(f"job{len(self.sold)}", protocol, text, body, time.time())
            self.sold.append(job)
            running = sum(time.time() - sold.at < self.making for sold in self.sold)
            self.most_busy = max(self.most_busy, running)
        return job


class Handler(BaseHTTPRequestHandler):
    """Answers one call."""

    shop: VideoServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        path = self.note()
        if len(body) < length:
            # whoever sent it was killed in the middle
            return self.reset()
        if path == "/token":
            token = {"access_token": "token-of-the-project", "expires_in": 3600, "token_type": "Bearer"}
            return self.send(200, token)
        if path == "/dream-machine/v1/generations/video":
            return self.submit(LUMA, json.loads(body))
        if path == "/v1/videos":
            return self.submit(OPENAI, read_form(self.headers["Content-Type"], body))
        if path.endswith(":predictLongRunning"):
            return self.submit(VERTEX if "/v1beta1/" in path else VEO, json.loads(body))
        if path.endswith(":fetchPredictOperation"):
            return self.poll(json.loads(body)["operationName"].rpartition("/")[2])
        return self.refuse("404")

    def do_GET(self) -> None:
        path = self.note()
        if path in ("/dream-machine/v1/generations", "/v1/videos"):
            return self.list_jobs(LUMA if "generations" in path else OPENAI)
        found = re.fullmatch(
            r"(?:/dream-machine/v1/generations|/v1/videos|/v1beta/models/[^/]+/operations)/(\w+)", path
        )
        if found:
            return self.poll(found[1])
        found = re.fullmatch(FILES, path)
        if found:
            return self.download(next(name for name in found.groups() if name))
        return self.refuse("404")

    def note(self) -> str:
        parts = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.shop.lock:
            self.shop.calls.append((self.command, parts.path, headers))
        return parts.path

    def is_known(self) -> bool:
        """Look at the key."""
        given = self.headers.get("x-goog-api-key") or self.headers.get("authorization", "")
        return not self.shop.key or given.removeprefix("Bearer ") == self.shop.key

    def submit(self, protocol: str, body: Mapping[str, Any]) -> None:
        if not self.is_known():
            return self.refuse("401")
        text = body["instances"][0]["prompt"] if "instances" in body else body["prompt"]
        kind = self.shop.choose("submit", text)
        if kind == "reset":
            return self.reset()
        if kind in ERRORS or kind in ("html", "garbage", "late"):
            if kind == "late":
                self.shop.closed.wait(5)
            return self.refuse(kind)
        self.shop.closed.wait(1.0 if kind == "slow before" else self.shop.before)
        job = self.shop.sell(protocol, text, body)
        self.shop.closed.wait(0.6 if kind == "slow good" else self.shop.after)
        if kind == "slow after":
            self.shop.closed.wait(5)
        if kind == "reset after":
            return self.reset()
        if kind in ERRORS_AFTER or kind == "garbage after":
            return self.refuse(ERRORS_AFTER.get(kind, "garbage"))
        return self.send(200, self.describe(job, RUNNING_STATES[protocol]))

    def poll(self, name: str) -> None:
        if not self.is_known():
            return self.refuse("401")
        job = next((sold for sold in self.shop.sold if sold.name == name), None)
        if job is None:
            return self.refuse("404")
        kind = self.shop.choose("poll", job.text)
        if kind == "cut":
            return self.reset()
        if kind in ERRORS or kind in ("html", "garbage"):
            return self.refuse(kind)
        job.looks += 1
        if kind == "expired":
            return self.send(200, self.describe(job, "expired"))
        if kind in FAILURES:
            return self.send(200, self.describe(job, "failed", FAILURES[kind]))
        done = time.time() - job.at >= self.shop.making
        return self.send(200, self.describe(job, "completed" if done else RUNNING_STATES[job.protocol]))

    def list_jobs(self, protocol: str) -> None:
        if not self.is_known():
            return self.refuse("401")
        kind = self.shop.choose("list", "")
        if kind in ERRORS or kind in ("html", "garbage"):
            return self.refuse(kind)
        with self.shop.lock:
            jobs = [sold for sold in reversed(self.shop.sold) if sold.protocol == protocol]
        if kind == "empty":
            jobs = []
        start = int(self.query.get("offset", 0))
        if "after" in self.query:
            start = [job.name for job in jobs].index(self.query["after"]) + 1
        page = jobs[start : start + min(self.shop.page, int(self.query.get("limit", 10)))]
        listed = [self.describe(job, RUNNING_STATES[protocol]) for job in page]
        more = start + len(page) < len(jobs)
        if protocol == LUMA:
            return self.send(200, {"generations": listed, "has_more": more, "count": len(listed)})
        last = listed[-1]["id"] if listed else None
        return self.send(200, {"object": "list", "data": listed, "has_more": more, "last_id": last})

    def download(self, name: str) -> None:
        job = next(sold for sold in self.shop.sold if sold.name == name)
        if job.protocol != LUMA and not self.is_known():
            return self.refuse("401")
        kind = self.shop.choose("download", job.text)
        if kind == "expired":
            job.expired = job.looks
        if kind == "expired" or (job.protocol == LUMA and int(self.query["signature"]) <= job.expired):
            return self.refuse("403")
        if kind in ERRORS or kind == "html":
            return self.refuse(kind)
        data = make_clip(9.0 if kind == "long" else read_seconds(job))
        if kind == "truncated":
            data = data[: len(data) // 2]
        if kind == "cut":
            self.send_head(200, "video/mp4", len(data))
            self.wfile.write(data[: len(data) // 2])
            return self.reset()
        return self.send_bytes(200, data, "video/mp4")

    def describe(self, job: Sold, state: str, reason: str = "") -> dict[str, Any]:
        """Describe a job as its service does."""
        return DESCRIBE[job.protocol](self.shop.address, self.shop.echoes, job, state, reason)

    def refuse(self, kind: str) -> None:
        """Send an error; it repeats the key, as careless servers do."""
        if kind in ("html", "late"):
            return self.send_bytes(200, HTML, "text/html")
        if kind == "garbage":
            return self.send_bytes(200, b'{"id": "job', "application/json")
        status, message, wait = ERRORS[kind]
        given = self.headers.get("x-goog-api-key") or self.headers.get("authorization", "")
        text = f"{message} ({given.removeprefix('Bearer ')})"
        body = {"error": {"code": status, "message": text, "status": "BAD"}, "detail": text}
        return self.send(status, body, {"Retry-After": wait} if wait else {})

    def reset(self) -> None:
        self.close_connection = True

    def send(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.send_bytes(status, json.dumps(body).encode(), "application/json", headers)

    def send_bytes(
        self, status: int, data: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_head(status, kind, len(data), headers)
        self.wfile.write(data)

    def send_head(
        self, status: int, kind: str, length: int, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()


def read_form(content_type: str, body: bytes) -> dict[str, str]:
    """Read the fields of a form as the library sends it."""
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
        for part in message.get_payload()
    }
