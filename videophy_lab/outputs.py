"""What a notebook hands to the report: tables, figures, galleries, estimates, headline numbers, findings."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.estimates import check_distinct, check_estimates, order_estimates
from videophy_lab.formatting import (
    Digits,
    escape_markdown,
    format_latex,
    name_generators,
    name_numbers,
    spread_digits,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from videophy_lab.gallery import Gallery
    from videophy_lab.gallery.footage import Footage

PNG_DPI = 200


class Outputs:
    """Write one notebook's results into a folder and keep a list of them for the page.

    Parameters
    ----------
    out : str or Path
        Folder; made if missing.
    notebook : str
        The notebook's name without number and ending, for example ``"leaderboard"``: the prefix of every
        file. Making a second `Outputs` for the same notebook starts its list anew.
    labels : mapping of generator to name, optional
        Names for readers, in LaTeX and on the page; CSV files keep the generator.

    Notes
    -----
    The list is ``manifest/<notebook>.json``: the items in the order of the calls, each with its ``kind``
    (``table``, ``figure``, ``gallery``, ``estimates``, ``headline``, ``finding``). Equal inputs give equal
    bytes.
    """

    def __init__(self, out: str | Path, *, notebook: str, labels: Mapping[str, str] | None = None) -> None:
        self.out = Path(out)
        self.notebook = check_name(notebook, what="notebook")
        self.labels = dict(labels or {})
        self._items: list[dict[str, Any]] = []
        self._estimates: pd.DataFrame | None = None
        for folder in ("tables", "figures", "estimates", "manifest"):
            (self.out / folder).mkdir(parents=True, exist_ok=True)
        (self.out / "estimates" / f"{self.notebook}.csv").unlink(missing_ok=True)
        self._write_manifest()

    def table(self, frame: pd.DataFrame, name: str, *, caption: str, digits: Digits = 1) -> pd.DataFrame:
        """Write a table as CSV (full precision) and as LaTeX (booktabs, rounded), and return it.

        Parameters
        ----------
        frame : DataFrame
            An index with a name becomes the first column; an index without one is left out.
        name : str
            Gives ``tables/<notebook>_<name>.csv`` and ``.tex``.
        caption : str
            One sentence that stands beside the table on the page.
        digits : int or mapping of column to int
            Decimals of floats in LaTeX and on the page; columns that a mapping leaves out get 1.
        """
        stem = f"tables/{self.notebook}_{self._new_name('table', name)}"
        rows = frame.reset_index() if any(label is not None for label in frame.index.names) else frame
        if rows.columns.nlevels > 1:
            raise ValueError(f"table {name!r} has a column header of several rows; flatten it before")
        twice = sorted({str(column) for column in rows.columns[rows.columns.duplicated()]})
        if twice:
            raise ValueError(f"table {name!r} has two columns named {', '.join(twice)}; name them apart")
        rounding = spread_digits(rows, digits)
        write_text(self.out / f"{stem}.csv", rows.to_csv(index=False, lineterminator="\n"))
        write_text(self.out / f"{stem}.tex", format_latex(name_generators(rows, self.labels), rounding))
        files = {"file": f"{stem}.csv", "tex": f"{stem}.tex"}
        reading = {"digits": rounding, "numbers": name_numbers(rows), "labels": self.labels}
        self._add(kind="table", name=name, **files, caption=caption, **reading)
        return frame

    def figure(self, fig: Figure, name: str, *, caption: str) -> Figure:
        """Write a figure as PDF and as PNG without dates or versions, and return it.

        The figure is closed for pyplot, so that a notebook shows the returned figure once.

        Parameters
        ----------
        fig : matplotlib Figure
        name : str
            Gives ``figures/<notebook>_<name>.pdf`` and ``.png``.
        caption : str
            What the figure shows, in words that also serve a reader who cannot see it.
        """
        stem = f"figures/{self.notebook}_{self._new_name('figure', name)}"
        undated = {"CreationDate": None, "Creator": None, "Producer": None}
        fig.savefig(self.out / f"{stem}.pdf", metadata=undated)
        fig.savefig(self.out / f"{stem}.png", dpi=PNG_DPI, metadata={"Software": None})
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close(fig)
        self._add(kind="figure", name=name, file=f"{stem}.png", pdf=f"{stem}.pdf", caption=caption)
        return fig

    def gallery(
        self, videos: str | Path | pd.DataFrame, name: str, *, caption: str, **options: Any
    ) -> Gallery:
        """Write videos as files for the page, and return them side by side for the notebook.

        Parameters
        ----------
        videos : path or DataFrame
            As :func:`videophy_lab.show` takes it.
        name : str
            Gives ``clips/<notebook>_<name>_1.mp4`` and so on, for those videos that can be shown.
        caption : str
            What the videos show and what to look for.
        **options
            Of :func:`videophy_lab.show`: ``scores``, ``ratings``, ``columns``, ``width``, ``limit``,
            ``title_columns``, ``labels`` (these Outputs' own when not given), ``most_megabytes``.

        Raises
        ------
        ValueError
            As :func:`videophy_lab.show`.
        """
        from videophy_lab.gallery import show

        stem = f"{self.notebook}_{self._new_name('gallery', name)}"
        gallery = show(videos, **{"labels": self.labels, **options})
        folder = self.out / "clips"
        for old in folder.glob(f"{stem}_*.mp4"):
            if old.stem.removeprefix(f"{stem}_").isdecimal():
                old.unlink()
        files: list[str] = []

        def write(footage: Footage) -> str:
            files.append(f"clips/{stem}_{len(files) + 1}.mp4")
            folder.mkdir(exist_ok=True)
            write_bytes(self.out / files[-1], footage.data)
            return files[-1]

        self._add(kind="gallery", name=name, caption=caption, view=gallery.view(write), files=files)
        return gallery

    def estimates(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Check a table of estimates and append it to ``estimates/<notebook>.csv``; return the new rows.

        Parameters
        ----------
        frame : DataFrame
            ``quantity``, any group columns, ``estimate``, ``low``, ``high``, ``level``, ``method``,
            ``n_videos``, ``n_prompts``, and ``seed`` where chance entered.

        Raises
        ------
        ValueError
            A column is missing, a number is not one, an interval is upside down, a row comes twice.
        """
        import pandas as pd

        checked = check_estimates(frame)
        together = checked if self._estimates is None else pd.concat([self._estimates, checked])
        together = order_estimates(together.reset_index(drop=True))
        check_distinct(together)
        file = f"estimates/{self.notebook}.csv"
        write_text(self.out / file, together.to_csv(index=False, lineterminator="\n"))
        self._estimates = together
        if not any(item["kind"] == "estimates" for item in self._items):
            self._add(kind="estimates", file=file)
        return checked

    def headline(self, *, label: str, value: str, note: str = "") -> None:
        """Put a number on top of the page.

        Parameters
        ----------
        label, value, note : str
            What it is, the number, and what a reader must know with it (counts, interval).
        """
        self._add(kind="headline", label=label, value=value, note=note)
        show_markdown(
            f"**{escape_markdown(label)}: {escape_markdown(value)}**"
            + (note and f" ({escape_markdown(note)})")
        )

    def finding(self, sentence: str) -> None:
        """Close the notebook with a sentence written from its numbers; it also opens the page's section."""
        if not sentence.strip():
            raise ValueError("a finding is empty; write a sentence with its numbers")
        self._add(kind="finding", text=" ".join(sentence.split()))
        show_markdown(escape_markdown(" ".join(sentence.split())))

    def _new_name(self, kind: str, name: str) -> str:
        check_name(name, what=kind)
        if any(item["kind"] == kind and item["name"] == name for item in self._items):
            raise ValueError(
                f"{self.notebook} has a {kind} {name!r} already; give each its own name, "
                "and run the cell that makes Outputs before running the notebook again"
            )
        return name

    def _add(self, **item: Any) -> None:
        self._items.append(item)
        self._write_manifest()

    def _write_manifest(self) -> None:
        manifest = {"notebook": self.notebook, "items": self._items}
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        write_text(self.out / "manifest" / f"{self.notebook}.json", text)


def check_name(name: str, *, what: str) -> str:
    """Return a name that is safe as part of a file name, or raise."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"the {what} name {name!r} may hold letters, digits, _ and - only")
    return name


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, as UTF-8, line ends as given."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(data)
    os.replace(draft, path)


def show_markdown(text: str) -> None:
    """Show a paragraph in a notebook; do nothing outside one."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        from IPython.display import Markdown, display

        display(Markdown(text))  # type: ignore[no-untyped-call]
