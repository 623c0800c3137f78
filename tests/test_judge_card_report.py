"""The notebooks on probes of judges and on reversal, on judges whose faults were planted."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.study.made_probes import draw_answers, make_probed, make_scores
from tests.video.made_videos import make_frames, write_video
from videophy_lab.report import run_report

PARAMS = """\
title: Report card
parameters: {shared}
notebooks:
  - notebook: judge_probes
    parameters: {card}
  - notebook: time_reversal
    parameters: {reversal}
"""


def run(folder: Path, videos: pd.DataFrame, scores: pd.DataFrame, **options: dict[str, object]) -> Path:
    folder.mkdir(exist_ok=True)
    videos.to_csv(folder / "videos.csv", index=False)
    scores.to_csv(folder / "scores.csv", index=False)
    shared = {"videos": "videos.csv", "scores": "scores.csv", **options.pop("shared", {})}
    given = {name: json.dumps(options.get(name, {})) for name in ("card", "reversal")}
    (folder / "params.yaml").write_text(PARAMS.format(shared=json.dumps(shared), **given), encoding="utf-8")
    run_report(folder, progress=False)
    return folder


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "tables" / f"{name}.csv")


def read_page(folder: Path) -> str:
    text = html.unescape((folder / "index.html").read_text(encoding="utf-8"))
    # units are joined to their numbers by a blank that does not break
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Report on a fooled judge, a right one, a silent one, a constant one, dice, and a metric."""
    folder = tmp_path_factory.mktemp("planted") / "report"
    folder.mkdir()
    write_video(folder / "clip.mp4", make_frames(6, 32, 48))
    rng = np.random.default_rng(11)
    videos = make_probed().assign(path=str(folder / "clip.mp4"))
    broken = videos[videos["prompt_id"].eq("prompt00")].assign(
        video_id=lambda rows: rows["video_id"] + "1", kind="violation"
    )
    fooled = ["reads overlays", "ignores order", "likes frozen"]
    scores = [
        draw_answers(videos, rng, scorer="fooled", faults=fooled),
        draw_answers(videos, rng, scorer="right").assign(cost=0.002),
        draw_answers(videos, rng, scorer="right", task="sa"),
        draw_answers(videos, rng, scorer="silent", faults=["silent", "wording"]),
        make_scores(videos, "constant", np.full(len(videos), 4.0)),
        make_scores(videos, "random", rng.integers(1, 6, size=len(videos)).astype(float)),
        make_scores(videos, "sharpness", rng.normal(size=len(videos)), "sharpness"),
    ]
    plain = scores[1][scores[1]["probe"].eq("")]
    ratings = plain[["video_id"]].assign(
        prompt_id=plain["video_id"].str.split("/").str[1],
        generator="made",
        task="pc",
        rating=np.clip(np.rint(plain["score"] + 0.5 * rng.normal(size=len(plain))), 1, 5),
    )
    ratings.to_csv(folder / "ratings.csv", index=False)
    return run(
        folder,
        pd.concat([videos.assign(kind="right"), broken]),
        pd.concat(scores),
        shared={"labels": {"fooled": "The Fooled"}},
        card={"ratings": "ratings.csv", "published": "videophy2_autoeval_attacks"},
    )


def test_the_card_of_a_fooled_judge_names_each_fault(planted: Path) -> None:
    page = read_page(planted)
    number = r"[−\d.]+, [−\d.]+ to [−\d.]+, n = 48"
    assert re.search(
        rf"The Fooled likes frozen video \(intact preferred {number}\), ignores the order of frames "
        rf"\(intact preferred {number}\), scores shuffled blocks about as high \(shift {number}\) and "
        rf"reads text overlays \(shift {number}\); 12 of 16 checks passed",
        page,
    )
    card = read(planted, "judge_probes_card").set_index("measure")
    assert card.loc["faults shown", "The Fooled"] == (
        "likes frozen video; ignores the order of frames; scores shuffled blocks about as high; "
        "reads text overlays"
    )


def test_a_right_judge_is_not_accused_and_the_sentinels_are(planted: Path) -> None:
    page = read_page(planted)
    assert "right shows no fault; 16 of 16 checks passed." in page
    assert re.search("constant ignores the direction of time .* and answers 4 to nearly every video", page)
    assert re.search("random [^.]*.*answers differently when asked again", page)
    assert re.search("silent minds the wording of the caption .* and leaves questions unanswered", page)
    assert "4 of 5 judges show a fault, on 48 videos of 24 actions under 21 probes" in page
    assert "right also answered SA, which is left out here" in page
    faults = read(planted, "judge_probes_faults")
    assert "sharpness" not in set(faults["scorer"])
    card = read(planted, "judge_probes_card").set_index("measure")
    assert card.columns[0] == "right"
    assert card.columns[-1] == "sharpness"
    assert card.loc["faults shown", "right"] == "none"


def test_the_card_holds_the_numbers_of_the_tables(planted: Path) -> None:
    card = read(planted, "judge_probes_card").set_index("measure")
    reversal = read(planted, "time_reversal_reversal").set_index(["scorer", "class"])
    row = reversal.loc[("right", "irreversible")]
    expected = f"{row['estimate']:.2f} ({row['low']:.2f} to {row['high']:.2f}), n = {row['n_videos']}"
    assert card.loc["forward preferred, irreversible", "right"] == expected == "1.00 (0.74 to 1.00), n = 24"
    assert card.loc["forward preferred, irreversible", "constant"].startswith("0.50")
    assert card.loc["commonest answer", "constant"] == "4: 100 % (86 to 100), n = 48; 1 different"
    assert card.loc["mean cost a question", "right"] == "0.002 US$, n = 1,056"
    assert card.loc["mean cost a question", "constant"] == "–"
    assert float(card.loc["correlation with humans", "right"].split()[0]) > 0.5
    assert card.loc["correlation with humans", "constant"] == "undefined"
    assert card.loc["shift by freezing", "The Fooled"].startswith("0.5")


def test_what_is_missing_and_left_out_is_said(planted: Path) -> None:
    missing = read(planted, "judge_probes_missing").set_index("scorer")
    assert 0.25 < missing.loc["silent", "estimate"] < 0.35
    assert missing.loc["right", "n_unscored"] == 0
    # clips that break a law on purpose are no test of an edit
    assert read(planted, "judge_probes_counts")["n_videos"].eq(48).all()


def test_reversal_is_told_for_every_judge(planted: Path) -> None:
    page = read_page(planted)
    number = r"[−\d.]+ \([^)]*\)"
    inside = r"[−\d.]+, [−\d.]+ to [−\d.]+, n = 48"
    for name, verdict in (
        ("The Fooled", "it sees the direction of time."),
        # of the reversible ones it prefers .69 (.43 to .87)
        ("right", "it prefers forward films, but that it minds the reversal of irreversible videos more"),
    ):
        assert re.search(
            rf"{name} prefers the forward version in 1.00 \(0.74 to 1.00\) of 24 irreversible videos and "
            rf"{number} of 24 reversible videos: {verdict}",
            page,
        )
    assert "constant prefers the forward version in 0.50" in page
    assert "it cannot tell the two versions of any irreversible video apart" in page
    assert re.search(f"Irreversible minus reversible, right: {number}, so ", page)
    assert "Irreversible minus reversible, constant: 0.00 (" in page
    assert re.search(
        rf"That The Fooled prefers the intact video to the edited one is not shown for shuffle \({inside}\) "
        rf"and shuffle blocks \({inside}\)",
        page,
    )
    assert re.search(
        r"takes at least [\d,]+ actions with 2 videos each \(power of 0.8, [^)]*\); the 12 actions here "
        "have a power of 0",
        page,
    )
    assert not re.search(r"\bnan\b", page)
    classes = read(planted, "time_reversal_classes")
    assert classes["origin"].eq("simulated").all()


def test_figures_estimates_and_clips_are_there(planted: Path) -> None:
    names = ["checks", "shifts", "shifts_of_metrics", "severity", "severity_of_metrics"]
    for name in [*(f"judge_probes_{name}" for name in names), "time_reversal_reversal"]:
        assert (planted / "figures" / f"{name}.png").stat().st_size > 5000
    quantities = set(pd.read_csv(planted / "estimates.csv")["quantity"])
    assert {
        "paired_auc",
        "auc_contrast",
        "shift_units",
        "retest_icc",
        "severity_tau",
        "spearman",
    } <= quantities
    assert len(list((planted / "clips").glob("time_reversal_clips_*.mp4"))) == 8
    assert len(read(planted, "judge_probes_published")) == 9


def test_metrics_alone_and_few_probes_without_labels(tmp_path: Path, rng: np.random.Generator) -> None:
    videos = make_probed(n_prompts=6, n_seeds=1, edits=("", "reencode", "reverse"))
    scores = make_scores(videos, "sharpness", rng.normal(size=len(videos)), "sharpness")
    folder = run(tmp_path / "r", videos.drop(columns=["reversibility", "reversibility_origin"]), scores)
    page = read_page(folder)
    assert "No judge was asked for SA or PC: metrics have no faults" in page
    assert "no video is labelled irreversible, so nothing is shown" in page
    assert "The direction of time is not checked: none of 6 reversed videos is labelled irreversible" in page
    assert "Label the actions by videophy-lab reversal-labels" in page
    assert not (folder / "figures" / "judge_probes_checks.png").exists()
    assert read(folder, "time_reversal_edits").empty


def test_a_judge_without_any_score_is_said(tmp_path: Path) -> None:
    videos = make_probed(n_prompts=6, n_seeds=1, edits=("", "reencode", "reverse", "freeze"))
    scores = make_scores(videos, "mute", np.full(len(videos), np.nan))
    page = read_page(run(tmp_path / "r", videos, scores))
    assert "mute leaves questions unanswered (share 1.00" in page
    assert "mute scored no video both forwards and reversed" in page
