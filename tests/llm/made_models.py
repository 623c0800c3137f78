"""Language models and requests for the tests: the real classes, pointed at a server on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from tests.bad_server import BadServer
from videophy_lab.llm import LanguageModel, Media, Request

KEY = "sk-Recognisable/+0123456789abcdef"
VARIABLE = "TEST_SERVER_KEY"
PROVIDERS = ("google", "openai")
QUICK = {"timeout": 60.0, "backoff": 0.01, "longest_wait": 10.0, "attempts": 4}


class Judged(BaseModel):
    reasoning: str = Field(description="One sentence.")
    score: int = Field(ge=1, le=5, strict=True)


def make_model(server: BadServer, provider: str, folder: Path, **options: Any) -> LanguageModel:
    """Make a model that asks the server, with short waits."""
    given = {
        "model": "gemini-3.8-flash" if provider == "google" else "gpt-4.1",
        "base_url": server.address + ("" if provider == "google" else "/v1"),
        "key_variables": (VARIABLE,),
        "sampling": {"temperature": 0.0, "seed": 0, "max_tokens": 512},
        "cache": str(folder / "answers"),
        "price": "2,10",
    }
    return LanguageModel(provider=provider, **given | QUICK | options)


def make_requests(count: int, provider: str = "google") -> list[Request]:
    """Make requests that differ in a number."""
    kind = "video/mp4" if provider == "google" else "image/jpeg"
    fps = 8.0 if provider == "google" else None
    media = Media(kind, "5e" * 32, lambda: b"not really a video", fps)
    return [Request((media, f"Question {number}"), Judged) for number in range(count)]


def list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def find_text(text: str, folder: Path) -> list[Path]:
    """Find the files under a folder that hold a text, or have it in their name."""
    return [path for path in list_files(folder) if text.encode() in path.read_bytes() or text in str(path)]
