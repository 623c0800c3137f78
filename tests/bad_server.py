"""A server on this machine that speaks as Gemini and as OpenAI do, and misbehaves by a plan.

Each question (the same media and words, however often it is sent) follows one plan: a list of behaviours, one
for each of its calls, the last one from then on. Plans are dealt out to the questions in the order in which
they first arrive, so that however calls interleave, each plan is followed by the same number of questions.
"""

from __future__ import annotations

import hashlib
import json
import re
import socketserver
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HTML = b"<!DOCTYPE html><html><head><title>502</title></head><body>Bad gateway</body></html>"
ANSWER = {"reasoning": "The ball falls as it should.", "score": 2}
WROTE = {
    "good": json.dumps(ANSWER),
    "fenced": f"```json\n{json.dumps(ANSWER)}\n```",
    "nonsense": '{"reasoning": "It is fine", "score',
    "prose": "I would give it four.",
    "range": json.dumps(ANSWER | {"score": 9}),
    "half": json.dumps(ANSWER | {"score": 2.5}),
    "text": json.dumps(ANSWER | {"score": "2"}),
    "empty": "",
}
STATUSES = {"429": 429, "429 wait": 429, "429 long": 429, "408": 408, "500": 500, "503": 503, "400": 400}
STATUSES |= {"402": 402, "403": 403, "404": 404}
# errors that repeat the key; Gemini answers 400 to one that is none
REPEATING = {
    "key": (400, "INVALID_ARGUMENT"),
    "401": (401, "UNAUTHENTICATED"),
    "400 key": (400, "INVALID_ARGUMENT"),
}
WAITS = {"429 wait": "1", "429 long": "3600"}
FINISHES = {"safety": "SAFETY", "prohibited": "PROHIBITED_CONTENT", "malformed": "MALFORMED_RESPONSE"}
INPUT_TOKENS, OUTPUT_TOKENS = 1000, 100


@dataclass
class Call:
    """One call as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    behaviour: str
    began: float
    question: int = -1


@dataclass
class BadServer:
    """What the server does and what it has seen.

    Attributes
    ----------
    plans : sequence of sequences of str
        Behaviours; see :data:`WROTE`, :data:`STATUSES`, :data:`FINISHES`, and ``slow``, ``cut``, ``html``,
        ``html 502``, ``blocked``, :data:`REPEATING`, ``parrot`` (an answer that repeats the key).
    pause : float
        Seconds that every answer takes.
    slow : float
        Seconds of a slow one.
    states : sequence of str
        Of an uploaded file, each time it is asked for.
    write : callable, optional
        Gives the words of a good answer to the body of a call.
    """

    plans: Sequence[Sequence[str]] = (("good",),)
    pause: float = 0.0
    slow: float = 30.0
    states: Sequence[str] = ("PROCESSING", "ACTIVE")
    write: Callable[[dict], str] | None = None
    calls: list[Call] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    uploaded: list[bytes] = field(default_factory=list)
    questions: dict[str, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    busy: int = 0
    most_busy: int = 0
    address: str = ""

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.closed = threading.Event()

    def __enter__(self) -> BadServer:
        handler = type("Handler", (Handler,), {"bad": self})
        self.http = QuietServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    @property
    def asked(self) -> list[Call]:
        """Give the calls that were questions."""
        return [call for call in self.calls if call.question >= 0]

    def choose_behaviour(self, body: dict) -> tuple[int, str]:
        """Find the question's number and what its plan says for this call."""
        first = body.get("contents", body.get("messages"))
        # what is said about a wrong answer comes behind the question
        words = first[0] if first[0].get("role") == "user" else first[:2]
        name = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()
        number = self.questions.setdefault(name, len(self.questions))
        plan = self.plans[number % len(self.plans)]
        step = self.made.get(name, 0)
        self.made[name] = step + 1
        return number, plan[min(step, len(plan) - 1)]


class QuietServer(ThreadingHTTPServer):
    """Says nothing of connections that the other side gave up."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    def server_bind(self) -> None:
        # the usual one asks for the machine's name, which may take seconds
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]


class Handler(BaseHTTPRequestHandler):
    """Answers one call."""

    bad: BadServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.read_body()
        if self.path.startswith("/upload/"):
            return self.begin_upload()
        if self.path.startswith("/put/"):
            return self.take_upload(body)
        call = self.note(json.loads(body))
        with self.bad.lock:
            call.question, call.behaviour = self.bad.choose_behaviour(call.body)
            self.bad.busy += 1
            self.bad.most_busy = max(self.bad.busy, self.bad.most_busy)
        self.bad.closed.wait(self.bad.slow if call.behaviour == "slow" else self.bad.pause)
        # before the answer, behind which the next call may already be here
        with self.bad.lock:
            self.bad.busy -= 1
        self.answer(call)

    def do_GET(self) -> None:
        self.note(None)
        name = self.path.split("?")[0].removeprefix("/v1beta/")
        with self.bad.lock:
            step = self.bad.files[name]
            self.bad.files[name] += 1
        self.send(200, self.describe_file(name, self.bad.states[min(step, len(self.bad.states) - 1)]))

    def do_DELETE(self) -> None:
        self.note(None)
        with self.bad.lock:
            self.bad.files.pop(self.path.split("?")[0].removeprefix("/v1beta/"))
        self.send(200, {})

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def note(self, body: Any) -> Call:
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, self.path, headers, body, "", time.monotonic())
        with self.bad.lock:
            self.bad.calls.append(call)
        return call

    def answer(self, call: Call) -> None:
        kind, bad = call.behaviour, self.bad
        if kind in STATUSES:
            message = {"error": {"code": STATUSES[kind], "message": "not now", "status": "UNAVAILABLE"}}
            return self.send(STATUSES[kind], message, wait=WAITS.get(kind))
        if kind in REPEATING:
            key = call.headers.get("x-goog-api-key") or call.headers["authorization"].removeprefix("Bearer ")
            text = f"{'x' * 280} the key {key} is not valid, {key}"
            code, status = REPEATING[kind]
            error: dict[str, Any] = {"code": code, "message": text, "status": status}
            if kind == "400 key":
                info = "type.googleapis.com/google.rpc.ErrorInfo"
                error["details"] = [{"@type": info, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
            return self.send(code, {"error": error})
        if kind in ("html", "html 502"):
            return self.send_bytes(502 if kind == "html 502" else 200, HTML, "text/html")
        if kind == "parrot":
            key = call.headers.get("x-goog-api-key") or call.headers["authorization"].removeprefix("Bearer ")
            text = json.dumps(ANSWER | {"reasoning": f"your key is {key}"})
        else:
            text = bad.write(call.body) if kind == "good" and bad.write else WROTE.get(kind, WROTE["good"])
        wrap = self.wrap_gemini if "generateContent" in self.path else self.wrap_openai
        data = json.dumps(wrap(kind, text)).encode()
        if kind == "cut":
            self.send_head(200, "application/json", len(data))
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return None
        return self.send_bytes(200, data, "application/json")

    def wrap_gemini(self, kind: str, text: str) -> dict:
        usage = {"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": OUTPUT_TOKENS}
        usage["totalTokenCount"] = INPUT_TOKENS + OUTPUT_TOKENS
        if kind == "blocked":
            return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage}
        candidate: dict[str, Any] = {"finishReason": FINISHES.get(kind, "STOP"), "index": 0}
        if kind not in FINISHES:
            candidate["content"] = {"role": "model", "parts": [{"text": text}] if text else []}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "bad-1"}

    def wrap_openai(self, kind: str, text: str) -> dict:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if kind == "safety":
            message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
        usage = {"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS}
        usage["total_tokens"] = INPUT_TOKENS + OUTPUT_TOKENS
        finish = "content_filter" if kind == "prohibited" else "stop"
        choice = {"index": 0, "finish_reason": finish, "message": message}
        head = {"id": "chat-1", "object": "chat.completion", "created": 1, "model": "bad-1"}
        return head | {"choices": [choice], "usage": usage}

    def begin_upload(self) -> None:
        self.note(None)
        with self.bad.lock:
            name = f"files/clip{len(self.bad.uploaded) + len(self.bad.files)}"
            self.bad.files[name] = 0
        self.send(200, {}, extra={"X-Goog-Upload-URL": f"{self.bad.address}/put/{name}"})

    def take_upload(self, body: bytes) -> None:
        self.note(len(body))
        with self.bad.lock:
            self.bad.uploaded.append(body)
        name = self.path.removeprefix("/put/")
        file = {"file": self.describe_file(name, "PROCESSING")}
        self.send(200, file, extra={"X-Goog-Upload-Status": "final"})

    def describe_file(self, name: str, state: str) -> dict[str, str]:
        uri = f"https://generativelanguage.googleapis.com/v1beta/{name}"
        return {"name": name, "state": state, "mimeType": "video/mp4", "uri": uri}

    def send(self, status: int, body: dict, *, wait: str | None = None, extra: dict | None = None) -> None:
        headers = (extra or {}) | ({"Retry-After": wait} if wait else {})
        self.send_bytes(status, json.dumps(body).encode(), "application/json", headers)

    def send_bytes(self, status: int, data: bytes, kind: str, headers: dict | None = None) -> None:
        self.send_head(status, kind, len(data), headers)
        self.wfile.write(data)

    def send_head(self, status: int, kind: str, length: int, headers: dict | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()


def find_texts(call: Call) -> list[str]:
    """Give the words of a call, whichever protocol it speaks."""
    if "contents" in call.body:
        return [part["text"] for turn in call.body["contents"] for part in turn["parts"] if "text" in part]
    contents = [message["content"] for message in call.body["messages"]]
    texts: list[str] = []
    for content in contents:
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        texts += [part["text"] for part in parts if part["type"] == "text"]
    return texts


def find_number(call: Call) -> int:
    """Give the first number in the words of a call."""
    return int(re.findall(r"\d+", " ".join(find_texts(call)))[0])
