"""The one front end of the widget and of the page: a script and a style sheet."""

from __future__ import annotations

from functools import cache

from videophy_lab.markup import TEMPLATES, load_templates

SCRIPTS = (
    "annotate_link.js",
    "annotate_work.js",
    "annotate_player.js",
    "annotate_screen.js",
    "annotate_keys.js",
    "annotate.js",
)
STYLES = ("gallery.css", "annotate.css")


def read_text(name: str) -> str:
    """Read a part of the front end."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def make_script() -> str:
    """Give the front end as an ES module: players are those of galleries, readied by `playTogether`."""
    players = f"function playTogether() {{\n{read_text('gallery.js')}}}\n"
    return players + "".join(map(read_text, SCRIPTS))


@cache
def make_style() -> str:
    """Give the front end's style sheet."""
    return "\n".join(read_text(name) for name in STYLES)


def make_page(*, title: str, annotator: str, place: str) -> str:
    """Give the stand-alone page; everything that it loads comes from its own server."""
    template = load_templates().get_template("annotate.html.j2")
    return template.render(title=title, annotator=annotator, place=place)


def make_refusal(reason: str) -> str:
    """Give the page that a person sees who opens a wrong address; nothing secret is in it."""
    template = load_templates().get_template("annotate_refusal.html.j2")
    return template.render(reason=reason)
