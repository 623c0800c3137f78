"""What the README says of the judges is what their cards say."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from videophy_lab.datasets import load_published
from videophy_lab.registry import JUDGES, find_class

ROWS = {
    name: line
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for name in re.findall(r"`(\w+)`", line.split("|")[1] if line.startswith("| `") else "")
}
WITH_WEIGHTS = [name for name in JUDGES if "/" in find_class(name, "judges").card.weights]


def test_every_judge_of_the_papers_table_is_known_and_in_the_readme() -> None:
    printed = set(load_published("videophy2_judge_agreement")["scorer"])
    assert {"autoeval", "videocon_physics", "videocon", "videoscore", "videollava", "gemini"} <= printed
    assert printed <= set(JUDGES)
    assert printed <= set(ROWS)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_a_row_has_the_size_and_a_licence(name: str) -> None:
    cells = [cell.strip() for cell in ROWS[name].strip("|").split("|")]
    [size] = re.findall(r"^([\d.]+) GB", find_class(name, "judges").card.size)
    assert size in cells[2]
    assert cells[3]
