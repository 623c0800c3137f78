"""The page of a report: headline numbers, findings, figures, galleries and tables; nothing from a network.

There is no script on it but that of the galleries, where there are any.
"""

from __future__ import annotations

import copy
import json
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.formatting import format_cell, name_generators
from videophy_lab.markup import load_templates, make_address, read_part
from videophy_lab.outputs import PNG_DPI, write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

# figures have 7 to 9 pt letters for print; at 140 pixels an inch these are as large as the page's text
CSS_PIXELS_PER_INCH = 140
PROSE = ("text", "caption", "label", "value", "note")


def write_page(
    out: Path,
    *,
    title: str,
    summary: str,
    notebooks: Mapping[str, NotebookNode],
    provenance: Mapping[str, Any],
) -> None:
    """Write ``index.html`` and, for every notebook, ``notebooks/<name>.ipynb`` and ``.html``.

    Parameters
    ----------
    out : Path
        Folder with ``manifest/``, ``tables/`` and ``figures/`` as `Outputs` writes them.
    title, summary : str
        The head of the page.
    notebooks : mapping of name to NotebookNode
        The executed notebooks in the order of the page.
    provenance : mapping
        As `describe_provenance` gives it.
    """
    sections = [describe_section(out, name, notebook) for name, notebook in notebooks.items()]
    headlines = [item for section in sections for item in section["headlines"]]
    page = load_templates().get_template("page.html.j2")
    text = page.render(
        title=title,
        summary=summary,
        headlines=headlines,
        sections=sections,
        provenance=provenance,
        css=read_part("page.css"),
        gallery_css=read_part("gallery.css"),
        gallery_script=read_part("gallery.js"),
    )
    write_text(out / "index.html", text)
    for section, (name, notebook) in zip(sections, notebooks.items(), strict=True):
        linked = link_videos(notebook, out, [file for item in section["galleries"] for file in item["files"]])
        write_notebook(out / "notebooks", name, linked, section=section, report=title)


def describe_section(out: Path, name: str, notebook: NotebookNode) -> dict[str, Any]:
    """Gather what one notebook puts on the page.

    Returns
    -------
    dict
        ``name``, ``title``, ``lead`` (HTML of the paragraphs under the notebook's heading), ``findings``,
        ``headlines``, ``figures``, ``galleries``, ``tables`` (each in the notebook's order), ``html``,
        ``ipynb``.
    """
    title, lead = read_opening(notebook, name)
    manifest = out / "manifest" / f"{name}.json"
    listed = json.loads(manifest.read_text(encoding="utf-8"))["items"] if manifest.is_file() else []
    items = [{**item, **{key: join_units(item[key]) for key in PROSE if key in item}} for item in listed]
    return {
        "name": name,
        "title": title,
        "lead": lead,
        "findings": [item["text"] for item in items if item["kind"] == "finding"],
        "headlines": [item for item in items if item["kind"] == "headline"],
        "figures": [view_figure(out, item) for item in items if item["kind"] == "figure"],
        "galleries": [item for item in items if item["kind"] == "gallery"],
        "tables": [view_table(out, item) for item in items if item["kind"] == "table"],
        "html": f"notebooks/{name}.html",
        "ipynb": f"notebooks/{name}.ipynb",
    }


def read_opening(notebook: NotebookNode, name: str) -> tuple[str, Any]:
    """Give the heading of a notebook's first cell, and the rest of that cell as HTML."""
    from markupsafe import Markup
    from nbconvert.filters import markdown2html

    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.lstrip().startswith("#"):
        return name, Markup("")
    heading, _, rest = first.source.strip().partition("\n")
    return heading.lstrip("# ").strip(), Markup(markdown2html(rest)) if rest.strip() else Markup("")


def join_units(text: str) -> str:
    """Keep a number and its per cent sign on one line."""
    return re.sub(r"(?<=\d) %", "\u00a0%", text)


def view_figure(out: Path, item: Mapping[str, Any]) -> dict[str, Any]:
    """Add the size at which a figure's letters are as large as the page's."""
    with (out / item["file"]).open("rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    scale = CSS_PIXELS_PER_INCH / PNG_DPI
    return {**item, "width": round(width * scale), "height": round(height * scale)}


def view_table(out: Path, item: Mapping[str, Any]) -> dict[str, Any]:
    """Read a table back from its CSV as the rows that a reader sees."""
    import pandas as pd

    cells = pd.read_csv(out / item["file"], dtype=str, keep_default_na=False)
    cells = name_generators(cells, item["labels"])
    numbers = set(item["numbers"])
    for column in cells.columns:
        if column in numbers:
            digits = item["digits"].get(column)
            cells[column] = [show_number(text, digits, column=column) for text in cells[column]]
    rows = cells.values.tolist()
    return {
        **item,
        "columns": [{"label": column, "number": column in numbers} for column in cells.columns],
        "rows": rows,
        "size": f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}",
    }


def show_number(text: str, digits: int | None, *, column: str = "") -> str:
    """Round a number for a reader: a dash where there is none, a true minus sign."""
    if text == "":
        return "–"
    shown = text if digits is None else format_cell(float(text), digits, column=column)
    return shown.replace("-", "−")


def link_videos(notebook: NotebookNode, out: Path, files: Sequence[str]) -> NotebookNode:
    """Let a notebook's galleries refer to the report's files, so that no video is stored twice."""
    linked = copy.deepcopy(notebook)
    addresses = {make_address((out / file).read_bytes()): f"../{file}" for file in files}
    for cell in linked.cells if addresses else []:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            for address, file in addresses.items():
                html = html.replace(address, file)
            if html:
                output["data"]["text/html"] = html
    return linked


def write_notebook(
    folder: Path, name: str, notebook: NotebookNode, *, section: Mapping[str, Any], report: str
) -> None:
    """Write an executed notebook as a file and as a page that opens without a network."""
    import nbformat
    from markupsafe import Markup
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

    folder.mkdir(exist_ok=True)
    write_text(folder / f"{name}.ipynb", nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]
    exporter = HTMLExporter(template_name="basic", exclude_anchor_links=True)  # type: ignore[no-untyped-call]
    body, _ = exporter.from_notebook_node(describe_images(notebook, section["figures"]))
    light = HtmlFormatter(style="default", nobackground=True).get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark", nobackground=True).get_style_defs(".highlight")
    text = (
        load_templates()
        .get_template("notebook.html.j2")
        .render(
            title=section["title"],
            report=report,
            name=name,
            css=read_part("page.css"),
            highlight=Markup(f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"),
            body=Markup(body),
        )
    )
    write_text(folder / f"{name}.html", text)


def describe_images(notebook: NotebookNode, figures: Sequence[Mapping[str, Any]]) -> NotebookNode:
    """Give each picture a text for readers who cannot see it: its caption, or the heading it stands under."""
    described = copy.deepcopy(notebook)
    captions = {item["name"]: item["caption"] for item in figures}
    heading = ""
    for cell in described.cells:
        if cell.cell_type == "markdown":
            lines = [line for line in cell.source.splitlines() if line.startswith("#")]
            heading = lines[-1].lstrip("# ") if lines else heading
        else:
            named = [text for name, text in captions.items() if f'"{name}"' in cell.source]
            cell.metadata["alt"] = " ".join(named) or f"Figure: {heading}"
    return described
