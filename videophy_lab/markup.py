"""Templates of pages and of what notebooks show."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


@cache
def load_templates() -> Environment:
    """Give the templates, which escape everything that is not marked as HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def read_part(name: str) -> Any:
    """Give a style sheet or a script of ours, marked as safe inside a page."""
    from markupsafe import Markup

    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def make_address(data: bytes, kind: str = "video/mp4") -> str:
    """Give bytes as a ``data:`` address, by which they are embedded."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
