"""What the README says of judges and generators is what their cards say."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from videophy_lab.datasets import load_published
from videophy_lab.registry import GENERATORS, JUDGES, find_class

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


# of the paper's table, and the newest leader of its later one
OF_THE_PAPER = {
    "wan": "wan2_1_14b",
    "cogvideo": "cogvideox_5b",
    "cosmos": "cosmos1_7b",
    "hunyuan": "hunyuan_13b",
    "videocrafter": "videocrafter2",
    "ray2": "ray2",
    "sora": "imported",
    "wan2.2": "wan2_2_a14b",
}


def test_every_generator_of_the_paper_is_known_and_in_the_readme() -> None:
    published = load_published("generators")
    assert set(published.loc[published["dataset"].eq("videophy2"), "generator"]) <= set(OF_THE_PAPER)
    assert set(OF_THE_PAPER.values()) <= set(GENERATORS)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_has_a_row_with_its_size_its_licence_and_how_to_run_it(name: str) -> None:
    cells = [cell.strip() for cell in ROWS[name].strip("|").split("|")]
    size = re.findall(r"([\d.]+) GB", find_class(name, "generators").specs.size)
    assert size == re.findall(r"([\d.]+) GB", cells[2])
    assert cells[3]
    assert cells[4]
