"""Names of probes: what stands for what, in which order, and what is told to one who mistypes."""

from __future__ import annotations

import pytest

from tests.test_cli_score import run
from videophy_lab.probes import PROBES
from videophy_lab.probes.catalog import KINDS
from videophy_lab.probes.choosing import Part, choose_parts
from videophy_lab.probes.plan import number_parts
from videophy_lab.probes.settings import ProbeOptions
from videophy_lab.probes.table import find_base


def name_all(*names: str, **options: object) -> list[str]:
    return [part.name for part in choose_parts(names, **options)]


def test_the_null_edit_is_always_among_them_and_first() -> None:
    assert name_all("freeze", "reverse") == ["reencode", "reverse", "freeze"]
    assert name_all("reencode") == ["reencode"]
    assert [part.name for part in choose_parts("mirror")] == ["reencode", "mirror"]


def test_severities_are_their_own_or_those_named() -> None:
    assert name_all("blur") == ["reencode", "blur-025", "blur-050", "blur-100"]
    assert name_all("blur", "freeze", severities=[0.07, 1]) == ["reencode", "freeze", "blur-007", "blur-100"]
    assert name_all("blur-033", "blur-033", severities=[1]) == ["reencode", "blur-033"]
    for severity in (0, 1.2, -0.5, 0.125, float("nan")):
        with pytest.raises(ValueError, match=r"allowed: 0\.01 to 1 in steps of 0\.01"):
            name_all("noise", severities=[severity])
    with pytest.raises(ValueError, match="the severity 0 is not allowed"):
        name_all("blur-000")


def test_kinds_and_all_stand_for_many_but_not_for_what_needs_other_texts() -> None:
    assert name_all("symmetric") == ["reencode", "mirror"]
    assert name_all("text") == ["reencode", "overlay_neutral", "overlay_positive", "overlay_negative"]
    every = {find_base(name) for name in name_all("all", severities=[0.5])}
    assert every == set(PROBES) - {"caption_paraphrase"}
    assert set(KINDS) == {probe.kind for probe in PROBES.values()}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("revers", "Did you mean reverse"),
        ("blur-50", "Did you mean blur"),
        ("freeze-050", "Did you mean freeze"),
        ("Time", "Did you mean time"),
        ("", "Allowed: reencode, reverse"),
    ],
)
def test_a_name_that_is_none_gets_the_close_ones(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"there is no probe '{name}'.*{hint}"):
        choose_parts([name])
    with pytest.raises(ValueError, match="no probe is named; videophy-lab list probes"):
        choose_parts([])


def test_repeats_and_paraphrases_are_numbered() -> None:
    parts = choose_parts(["repeat", "caption_paraphrase", "caption_swap"])
    assert [part.name for part in number_parts(parts, repeats=3, paraphrases=1)] == [
        "reencode", "caption_swap", "caption_paraphrase_1", "repeat_1", "repeat_2", "repeat_3",
    ]  # fmt: skip


def test_what_stands_in_the_table_tells_its_probe() -> None:
    for name, probe in PROBES.items():
        assert find_base(name) == name
        assert find_base(Part(name, 0.5 if probe.severities else 0.0, 0 if probe.edit else 2).name) == name
    assert find_base("somebody_elses") == ""


def test_the_catalog_is_of_one_piece() -> None:
    for name, probe in PROBES.items():
        assert probe.name == name
        assert probe.expect in ("falls", "stays", "free")
        assert probe.kind in KINDS
        assert (probe.edit is None) == (probe.kind == "question")
        assert all(0 < severity <= 1 for severity in probe.severities)
        assert set(probe.options) <= set(vars(ProbeOptions()))


def test_the_list_says_what_a_right_judge_does() -> None:
    code, said, _ = run("list", "probes")
    assert code == 0
    paragraphs = said.strip().split("\n\n")
    assert [text.split(":")[0] for text in paragraphs] == list(PROBES)
    assert max(map(len, said.splitlines())) <= 100
    mirror = paragraphs[list(PROBES).index("mirror")]
    assert "right judge  it stays: the laws of motion treat left and right alike" in mirror
    assert "severities 0.25, 0.5, 1" in paragraphs[list(PROBES).index("blur")]
