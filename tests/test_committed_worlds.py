"""The committed reports on the simulated world: what they were made of, their numbers, and their pages."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.test_committed_report import References

REPORTS = [ROOT / "reports" / name for name in ("simulated", "judge_card")]
EVERY_REPORT = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
MOST_BYTES = 2e6


def read(report: str, name: str) -> pd.DataFrame:
    return pd.read_csv(ROOT / "reports" / report / "tables" / f"{name}.csv")


def test_the_simulated_world_is_shown_by_more_than_200_clips() -> None:
    counts = read("simulated", "generate_counts")
    assert counts["n_ok"].sum() >= 200
    assert counts["n_failed"].sum() == 0
    scores = read("simulated", "detection_scores").set_index("scorer")
    assert scores.loc["constant", "estimate"] == 0.5
    assert (scores["n_pairs"] + scores["n_unscored"]).eq(scores.loc["constant", "n_pairs"]).all()
    assert {"kinematics", "sharpness", "flow_smoothness", "temporal_flickering"} <= set(scores.index)


def test_the_card_has_a_judge_that_notices_reversal_beside_some_that_do_not() -> None:
    reversal = read("judge_card", "time_reversal_reversal").set_index(["scorer", "class"])["estimate"]
    assert reversal["arrow_of_time", "irreversible"] >= 0.9
    assert reversal["arrow_of_time", "reversible"] == pytest.approx(0.5, abs=0.1)
    assert [reversal["constant", kind] for kind in ("irreversible", "reversible")] == [0.5, 0.5]
    faults = read("judge_card", "judge_probes_faults").set_index(["scorer", "check"])["verdict"]
    assert faults["arrow_of_time", "direction of time"] == "passed"
    assert faults["constant", "direction of time"] == "fault"


@EVERY_REPORT
def test_nothing_that_was_not_committed_had_a_part_in_it(report: Path) -> None:
    provenance = json.loads((report / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["uncommitted_changes"] is False


@EVERY_REPORT
def test_a_page_opens_without_a_network_and_plays_its_clips(report: Path) -> None:
    clips = sorted(path.name for path in (report / "clips").glob("*.mp4"))
    assert 4 <= len(clips) <= 16
    assert sum(path.stat().st_size for path in (report / "clips").iterdir()) < MOST_BYTES
    for page in [report / "index.html", *(report / "notebooks").glob("*.html")]:
        text = page.read_text(encoding="utf-8")
        found = References()
        found.feed(text)
        assert not [name for name in found.loaded if name.startswith(("http:", "https:", "//"))], page.name
        local = [name for name in found.loaded if not name.startswith("data:")]
        assert all((page.parent / name).is_file() for name in local), page.name
        assert str(ROOT) not in text
    index = (report / "index.html").read_text(encoding="utf-8")
    assert all(f"clips/{name}" in index for name in clips)
