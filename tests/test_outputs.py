"""What a notebook hands to the report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from videophy_lab.formatting import escape_markdown, format_cell, spread_digits
from videophy_lab.outputs import Outputs
from videophy_lab.page import view_table


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    return Outputs(tmp_path / "new" / "folder", notebook="leaderboard")


@pytest.fixture
def joint() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "generator": ["Wan_2.1 & co", "τ 50 %", "plain"],
            "joint": [193 / 591 * 100, np.nan, -0.04],
            "n": [591, 60, 394],
            "wins": [3.0, np.nan, 4.0],
        }
    )


@pytest.fixture
def estimates() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "estimate": [1 / 3, np.nan],
            "quantity": "joint",
            "generator": ["a", "b"],
            "low": [0.1, np.nan],
            "high": [0.5, np.nan],
            "level": 0.95,
            "method": "wilson",
            "n_videos": [591, 0],
            "n_prompts": [590, 0],
        }
    )


def read_manifest(outputs: Outputs) -> list[dict]:
    return json.loads((outputs.out / "manifest" / "leaderboard.json").read_text(encoding="utf-8"))["items"]


def test_table_keeps_full_precision_and_returns_the_frame(outputs: Outputs, joint: pd.DataFrame) -> None:
    assert outputs.table(joint, "joint", caption="c") is joint
    path = outputs.out / "tables" / "leaderboard_joint.csv"
    pd.testing.assert_frame_equal(pd.read_csv(path), joint, check_exact=True)
    assert b"\r" not in path.read_bytes()


def test_latex_is_escaped_and_rounded(outputs: Outputs, joint: pd.DataFrame) -> None:
    outputs.table(joint, "joint", caption="c", digits={"joint": 2})
    lines = (outputs.out / "tables" / "leaderboard_joint.tex").read_text(encoding="utf-8").splitlines()
    assert lines[0] == r"\begin{tabular}{lrrr}"
    assert lines[1] == r"\toprule"
    assert lines[4:7] == [
        r"Wan\_2.1 \& co & 32.66 & 591 & 3 \\",
        r"$\tau$ 50 \% &  & 60 &  \\",
        r"plain & -0.04 & 394 & 4 \\",
    ]


def test_table_writes_an_index_that_has_a_name(outputs: Outputs, joint: pd.DataFrame) -> None:
    outputs.table(joint.set_index("generator"), "named", caption="c")
    outputs.table(joint.loc[[2, 0]], "unnamed", caption="c")
    for name in ("named", "unnamed"):
        header = (outputs.out / "tables" / f"leaderboard_{name}.csv").read_text().splitlines()[0]
        assert header == "generator,joint,n,wins"


def test_readers_see_names_and_the_table_keeps_its_keys(tmp_path: Path, joint: pd.DataFrame) -> None:
    outputs = Outputs(tmp_path, notebook="leaderboard", labels={"plain": "Plain_1"})
    rows = joint.assign(generator_b=joint["generator"], note=joint["generator"])
    outputs.table(rows, "joint", caption="c")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "tables" / "leaderboard_joint.csv"), rows)
    last = (tmp_path / "tables" / "leaderboard_joint.tex").read_text(encoding="utf-8").splitlines()[6]
    assert last == r"Plain\_1 & 0.0 & 394 & 4 & Plain\_1 & plain \\"
    shown = view_table(tmp_path, read_manifest(outputs)[0])["rows"]
    assert shown[2] == ["Plain_1", "0.0", "394", "4", "Plain_1", "plain"]
    assert shown[1][1] == "–"


def test_table_names_the_columns_that_hold_numbers(outputs: Outputs, joint: pd.DataFrame) -> None:
    outputs.table(joint.assign(prompt_id="00e1", hard=True), "joint", caption="c")
    assert read_manifest(outputs)[0]["numbers"] == ["joint", "n", "wins"]


def test_table_refuses_headers_a_csv_cannot_hold(outputs: Outputs, joint: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="two columns named n;"):
        outputs.table(joint.rename(columns={"wins": "n"}), "joint", caption="c")
    with pytest.raises(ValueError, match="header of several rows"):
        outputs.table(pd.concat({"a": joint}, axis=1), "joint", caption="c")
    with pytest.raises(ValueError, match=r"digits names \['jiont'\]"):
        outputs.table(joint, "joint", caption="c", digits={"jiont": 2})


def test_figures_have_equal_bytes_and_no_version(tmp_path: Path) -> None:
    for run in ("first", "second"):
        figure = Figure(figsize=(2, 1))
        figure.subplots().plot([1, 3, 2])
        assert Outputs(tmp_path / run, notebook="laws").figure(figure, "line", caption="c") is figure
    for ending in ("pdf", "png"):
        first, second = (tmp_path / run / "figures" / f"laws_line.{ending}" for run in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
        assert b"atplotlib version" not in first.read_bytes()
        assert b"CreationDate" not in first.read_bytes()


def test_estimates_of_several_calls_are_appended(outputs: Outputs, estimates: pd.DataFrame) -> None:
    outputs.estimates(estimates)
    outputs.estimates(estimates.assign(slice="hard", seed=7))
    lines = (outputs.out / "estimates" / "leaderboard.csv").read_text(encoding="utf-8").splitlines()
    assert lines == [
        "quantity,generator,slice,estimate,low,high,level,method,n_videos,n_prompts,seed",
        "joint,a,,0.3333333333333333,0.1,0.5,0.95,wilson,591,590,",
        "joint,b,,,,,0.95,wilson,0,0,",
        "joint,a,hard,0.3333333333333333,0.1,0.5,0.95,wilson,591,590,7",
        "joint,b,hard,,,,0.95,wilson,0,0,7",
    ]
    assert [item["kind"] for item in read_manifest(outputs)] == ["estimates"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"low": [0.6, 0.1]}, "row 0: low is above high"),
        ({"level": [0.95, 95.0]}, "row 1: level is not between 0 and 1"),
        ({"n_videos": [591, -1]}, "row 1: n_videos is not a count"),
        ({"n_prompts": [1.5, 2]}, "row 0: n_prompts is not a count"),
        ({"quantity": ["joint", " "]}, "row 1: quantity is blank"),
        ({"estimate": ["a third", "?"]}, "'estimate' must hold numbers"),
        ({"generator": ["a", "a"]}, "two estimates are of the same thing: {'quantity': 'joint'"),
    ],
)
def test_faulty_estimates_are_refused(
    outputs: Outputs, estimates: pd.DataFrame, change: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        outputs.estimates(estimates.assign(**change))
    assert not (outputs.out / "estimates" / "leaderboard.csv").exists()


def test_estimates_without_a_column_name_it(outputs: Outputs, estimates: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"lack the column\(s\) n_prompts; given: estimate, quantity"):
        outputs.estimates(estimates.drop(columns="n_prompts"))


def test_manifest_keeps_the_order_of_the_calls(outputs: Outputs, joint: pd.DataFrame) -> None:
    outputs.headline(label="Best", value="32.7 %", note="193 of 591")
    outputs.finding("It\n leads.")
    outputs.table(joint, "joint", caption="The joint share.")
    assert read_manifest(outputs)[:2] == [
        {"kind": "headline", "label": "Best", "value": "32.7 %", "note": "193 of 591"},
        {"kind": "finding", "text": "It leads."},
    ]
    assert read_manifest(outputs)[2]["caption"] == "The joint share."
    Outputs(outputs.out, notebook="leaderboard")
    assert read_manifest(outputs) == []


def test_a_new_run_forgets_the_estimates_of_the_last(outputs: Outputs, estimates: pd.DataFrame) -> None:
    outputs.estimates(estimates)
    again = Outputs(outputs.out, notebook="leaderboard")
    again.estimates(estimates.head(1))
    assert len(pd.read_csv(outputs.out / "estimates" / "leaderboard.csv")) == 1


def test_names_are_checked(outputs: Outputs, joint: pd.DataFrame) -> None:
    outputs.table(joint, "joint", caption="c")
    with pytest.raises(ValueError, match="has a table 'joint' already"):
        outputs.table(joint, "joint", caption="c")
    with pytest.raises(ValueError, match="may hold letters"):
        outputs.table(joint, "../joint", caption="c")
    with pytest.raises(ValueError, match="the notebook name 'a/b'"):
        Outputs(outputs.out, notebook="a/b")
    with pytest.raises(ValueError, match="a finding is empty"):
        outputs.finding(" ")


def test_rounding_leaves_no_negative_zero() -> None:
    assert [format_cell(value, 1) for value in (-0.04, 0.06, np.nan, 12.34)] == ["0.0", "0.1", "", "12.3"]
    assert [format_cell(value, None) for value in (3, "a", None)] == ["3", "a", ""]


def test_a_small_p_value_is_not_zero() -> None:
    shown = [format_cell(value, 3, column="p_holm") for value in (0.0004, 0.0006, 0.0, np.nan)]
    assert shown == ["<0.001", "0.001", "0.000", ""]
    assert format_cell(0.0004, 3, column="prompts") == "0.000"


def test_a_column_gets_no_more_decimals_than_it_has() -> None:
    table = pd.DataFrame(
        {"n": [1.0, np.nan], "level": [0.95, 0.9], "r": [1 / 3, np.nan], "all": [np.nan] * 2}
    )
    assert spread_digits(table, 3) == {"n": 0, "level": 2, "r": 3, "all": 0}
    assert spread_digits(table, {"n": 2}) == {"n": 2, "level": 1, "r": 1, "all": 0}


def test_markdown_is_shown_as_typed() -> None:
    assert escape_markdown("a_b *c* <d> 5 %") == r"a\_b \*c\* \<d\> 5 %"
