"""The committed report: its printed numbers, its page, and that it can be made again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT

REPORT = ROOT / "reports" / "videophy2"
GENERATED = ["index.html", "estimates.csv", "provenance.json", "notebooks", "tables", "figures"]
# (quantity, groups) → estimate, to the digits in which it is known from elsewhere
KNOWN = [
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "all",
            "generator": "wan",
            "method": "wilson",
        },
        193 / 591,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "all",
            "generator": "cogvideo",
            "method": "wilson",
        },
        147 / 589,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "all",
            "generator": "cosmos",
            "method": "wilson",
        },
        141 / 585,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "all",
            "generator": "sora",
            "method": "wilson",
        },
        14 / 60,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "all",
            "generator": "ray2",
            "method": "wilson",
        },
        80 / 394,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "all",
            "generator": "hunyuan",
            "method": "wilson",
        },
        101 / 587,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "all",
            "generator": "videocrafter",
            "method": "wilson",
        },
        62 / 591,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "hard",
            "generator": "cogvideo",
            "method": "wilson",
        },
        0,
    ),
    (
        {
            "notebook": "leaderboard",
            "quantity": "joint",
            "slice": "hard",
            "generator": "wan",
            "method": "wilson",
        },
        39 / 178,
    ),
    ({"quantity": "pearson", "scorer": "autoeval", "rating_task": "sa", "centred_by": "none"}, 0.4152),
    ({"quantity": "kendall", "scorer": "autoeval", "rating_task": "pc", "centred_by": "none"}, 0.3488),
    ({"quantity": "spearman", "scorer": "autoeval", "rating_task": "sa", "centred_by": "prompt"}, 0.1911),
    ({"quantity": "spearman", "scorer": "autoeval", "rating_task": "pc", "centred_by": "both"}, 0.2228),
    ({"quantity": "joint_accuracy", "scorer": "autoeval"}, 0.7761),
    ({"quantity": "joint_majority_accuracy", "scorer": "autoeval"}, 0.8067),
    ({"quantity": "joint_f1", "scorer": "autoeval"}, 0.4665),
    ({"quantity": "joint_phi", "scorer": "autoeval"}, 0.3276),
    ({"quantity": "joint", "benchmark": "VideoPhy-1", "generator": "CogVideoX-5B"}, 0.3965),
]


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return pd.read_csv(REPORT / "estimates.csv")


@pytest.mark.parametrize(("groups", "value"), KNOWN)
def test_known_numbers(estimates: pd.DataFrame, groups: dict[str, str], value: float) -> None:
    chosen = estimates
    for column, name in groups.items():
        chosen = chosen[chosen[column].eq(name)]
    assert len(chosen) == 1
    assert chosen["estimate"].iloc[0] == pytest.approx(value, abs=5e-5)
    assert chosen["low"].iloc[0] <= chosen["estimate"].iloc[0] <= chosen["high"].iloc[0]
    assert chosen["n_videos"].iloc[0] > 0


class References(HTMLParser):
    """Collect what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "src" or (name == "href" and tag == "link"):
                self.loaded.append(value or "")
            elif name == "href":
                self.linked.append(value or "")


def test_the_page_opens_without_a_network_and_every_link_leads_somewhere() -> None:
    for page in [REPORT / "index.html", *(REPORT / "notebooks").glob("*.html")]:
        found = References()
        found.feed(page.read_text(encoding="utf-8"))
        assert "script" not in found.tags, page.name
        external = [name for name in found.loaded if name.startswith(("http:", "https:", "//"))]
        assert external == [], page.name
        local = [name for name in found.loaded + found.linked if not re.match(r"https?:|#|data:", name)]
        missing = [name for name in local if not (page.parent / name.split("#")[0]).exists()]
        assert missing == [], page.name
    assert len(list((REPORT / "notebooks").glob("*.html"))) == 5


def test_the_readme_quotes_the_report() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("<!-- findings", 1)[1].split("\n\n", 1)[0]
    findings = re.findall(r"^- (.+)$", block, flags=re.M)
    page = unescape((REPORT / "index.html").read_text(encoding="utf-8")).replace("\u00a0", " ")
    assert len(findings) == 3
    for finding in findings:
        assert finding in page


def test_the_readme_names_every_table_and_figure() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named: set[str] = set()
    for stem, options in re.findall(r"`([a-z0-9_]+_)\{([a-z0-9_,]+)\}`", readme):
        named |= {f"{stem}{option}" for option in options.split(",")}
    named |= set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", readme))
    made = {path.stem for path in [*(REPORT / "tables").glob("*.csv"), *(REPORT / "figures").glob("*.png")]}
    assert made <= named


def test_no_path_of_a_machine_and_no_sentence_of_the_benchmark_is_in_the_report() -> None:
    for path in REPORT.rglob("*"):
        if path.suffix in {".html", ".csv", ".json", ".ipynb", ".tex"}:
            text = path.read_text(encoding="utf-8")
            assert str(ROOT) not in text, path.name
            assert "/home/" not in text, path.name


def test_the_report_can_be_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "videophy2"
    folder.mkdir()
    shutil.copy(REPORT / "params.yaml", folder)
    done = subprocess.run(
        [sys.executable, "-m", "videophy_lab.cli", "report", str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == sorted([*GENERATED, "params.yaml"])
    for committed in sorted(REPORT.glob("tables/*.csv")):
        again = folder / "tables" / committed.name
        assert again.exists(), committed.name
        compare_tables(committed, again)
    compare_tables(REPORT / "estimates.csv", folder / "estimates.csv")
    one, two = (json.loads((d / "provenance.json").read_text()) for d in (REPORT, folder))
    assert one["data"] == two["data"]


def compare_tables(committed: Path, again: Path) -> None:
    """Compare two CSV files: text equal, numbers up to the arithmetic of another processor."""
    expected, found = pd.read_csv(committed), pd.read_csv(again)
    assert list(expected.columns) == list(found.columns), committed.name
    for column in expected.columns:
        if pd.api.types.is_numeric_dtype(expected[column]):
            np.testing.assert_allclose(
                expected[column].astype(float),
                found[column].astype(float),
                rtol=1e-6,
                atol=1e-9,
                err_msg=column,
            )
        else:
            assert expected[column].fillna("").tolist() == found[column].fillna("").tolist(), column
