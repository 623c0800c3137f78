"""Which clips may be reversed: by labels, by motion, again after a stop, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import videophy_lab as lab
from tests.judges.made_scenes import make_scene
from videophy_lab.cli import app
from videophy_lab.datasets import load_prompts
from videophy_lab.reversibility.decision import judge_motion
from videophy_lab.reversibility.filter import mark_videos
from videophy_lab.video import encode_video

KINDS = ("slide", "projectile")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reversal") / "clips"
    folder.mkdir()
    for kind in KINDS:
        encode_video(make_scene(kind, 300).frames, folder / f"{kind}.mp4", fps=24)
    (folder / "broken.mp4").write_text("no video")
    return folder


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, keep_default_na=False)
    return table.set_index(table["path"].map(lambda name: Path(name).stem))


def test_a_folder_is_marked_by_motion_and_a_second_run_measures_nothing(tmp_path: Path, clips: Path) -> None:
    out = tmp_path / "marks.csv"
    code, text, _ = run("reversal", clips, "--out", out)
    assert code == 1
    assert "done: 3 videos: 1 may be reversed, 1 may not, 1 unknown; 1 failed; 3 measured now" in text
    first = out.read_bytes()
    marks = read(out)
    assert marks["may_reverse"].to_dict() == {"broken": "unknown", "projectile": "yes", "slide": "no"}
    assert marks.loc["slide", ["reversibility", "reversibility_origin"]].tolist() == [
        "irreversible",
        "motion",
    ]
    assert marks.loc["projectile", "reversibility"] == "reversible"
    assert float(marks.loc["slide", "forward"]) > 4 > 2 > float(marks.loc["slide", "backward"])
    assert "cannot be read" in marks.loc["broken", "error"]
    code, text, _ = run("reversal", clips, "--out", out)
    # what failed is tried again
    assert "1 measured now" in text
    assert out.read_bytes() == first


def test_a_label_comes_before_motion_and_needs_no_look(tmp_path: Path, clips: Path) -> None:
    videos = pd.DataFrame(
        {
            "video_id": ["g/a/0", "g/b/0"],
            "prompt_id": ["a", "b"],
            "generator": "g",
            "path": [str(clips / f"{kind}.mp4") for kind in KINDS],
            "action": ["push a box", "throw a ball"],
        }
    )
    (tmp_path / "labels.csv").write_text("action,label\nPush a box,reversible\nthrow a ball,irreversible\n")
    outcome = mark_videos(videos, out=tmp_path / "m.csv", labels=tmp_path / "labels.csv", progress=False)
    assert outcome.measured == 0
    assert outcome.rows["may_reverse"].tolist() == ["yes", "no"]
    assert set(outcome.rows["reversibility_origin"]) == {"confirmed"}
    assert outcome.rows["status"].tolist() == ["not measured"] * 2
    assert not (tmp_path / "m.csv.measured").exists()


def test_actions_come_from_the_prompts_and_the_worlds_labels_from_itself(tmp_path: Path, clips: Path) -> None:
    world = load_prompts("simulated").set_index("scene").loc[["fall", "pendulum"]]
    videos = pd.DataFrame({"video_id": ["s/a/0", "s/b/0"], "prompt_id": world["prompt_id"].tolist()})
    videos = videos.assign(generator="simulated", path=str(clips / "slide.mp4"))
    rows = lab.mark_reversals(videos, out=tmp_path / "m.csv", limit=2, measure="none", progress=False)
    assert rows["may_reverse"].tolist() == ["no", "yes"]
    assert set(rows["reversibility_origin"]) == {"simulated"}
    own = pd.DataFrame({"prompt_id": ["p"], "caption": ["Someone breaks a cup."], "action": ["break a cup"]})
    labels = pd.DataFrame([("break a cup", "irreversible", "llm", "")])
    labels.columns = ["action", "label", "origin", "reason"]
    stranger = videos.iloc[:1].assign(prompt_id="p", generator="wan")
    rows = lab.mark_reversals(stranger, out=tmp_path / "n.csv", prompts=own, labels=labels, progress=False)
    assert rows[["may_reverse", "reversibility_origin"]].to_numpy().tolist() == [["no", "llm"]]


def make_videos(clips: Path, kinds: Sequence[str] = KINDS) -> pd.DataFrame:
    names = [f"g/{kind}/0" for kind in kinds]
    paths = [str(clips / f"{kind}.mp4") for kind in kinds]
    videos = pd.DataFrame({"video_id": names, "prompt_id": list(kinds), "generator": "g", "path": paths})
    return videos.assign(action=[f"{kind} it" for kind in kinds])


def make_labels(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame([(*row, "") for row in rows], columns=["action", "label", "origin", "reason"])


def test_probes_of_videos_are_left_out_and_do_not_stand_for_the_original(tmp_path: Path, clips: Path) -> None:
    videos = make_videos(clips)
    frozen = clips.parent / "frozen.mp4"
    encode_video(np.repeat(make_scene("slide", 300).frames[:1], 30, axis=0), frozen, fps=24)
    probed = pd.concat([videos.assign(probe=None), videos.assign(probe="freeze", path=str(frozen))])
    probed.to_csv(tmp_path / "videos.csv", index=False)
    code, text, _ = run("reversal", tmp_path / "videos.csv", "--out", tmp_path / "m.csv")
    assert code == 0
    assert "left out: 2 rows that are probes of videos" in text
    assert "done: 2 videos: 1 may be reversed, 1 may not, 0 unknown" in text
    marks = read(tmp_path / "m.csv")
    assert marks["may_reverse"].to_dict() == {"projectile": "yes", "slide": "no"}
    # so many from the top are so many clips
    assert len(lab.mark_reversals(probed.iloc[::-1], out=tmp_path / "n.csv", limit=1, progress=False)) == 1
    probed[probed["probe"].notna()].to_csv(tmp_path / "videos.csv", index=False)
    code, _, err = run("reversal", tmp_path / "videos.csv", "--out", tmp_path / "m.csv")
    assert code == 2
    assert "all 2 rows of the videos are probes" in " ".join(err.split())


def test_a_clip_that_becomes_another_action_says_that_its_caption_does_not_hold(
    tmp_path: Path, clips: Path
) -> None:
    videos = make_videos(clips, ("slide", "projectile", "broken"))
    labels = make_labels(
        ("slide it", "equivariant", "confirmed"),
        ("projectile it", "invariant", "llm"),
        ("broken it", "irreversible", "confirmed"),
    )
    rows = lab.mark_reversals(videos, out=tmp_path / "m.csv", labels=labels, measure="none", progress=False)
    assert rows["may_reverse"].tolist() == ["yes", "yes", "no"]
    assert rows["caption_holds"].fillna("").tolist() == ["no", "yes", ""]
    # whoever reads the file gets words, also where all of them are known
    told = pd.read_csv(tmp_path / "m.csv")
    assert told["may_reverse"].tolist() == ["yes", "yes", "no"]
    assert told["caption_holds"].fillna("").tolist() == ["no", "yes", ""]
    # motion cannot tell the two apart
    by_motion = lab.mark_reversals(videos.iloc[1:2], out=tmp_path / "n.csv", progress=False)
    assert by_motion["may_reverse"].tolist() == ["yes"]
    assert by_motion["caption_holds"].isna().all()


@pytest.mark.parametrize(("origin", "word"), [("llm", "unknown"), ("confirmed", "yes")])
def test_a_label_against_which_motion_speaks_says_so(
    tmp_path: Path, clips: Path, origin: str, word: str
) -> None:
    labels = make_labels(("slide it", "equivariant", origin), ("projectile it", "equivariant", origin))
    rows = lab.mark_reversals(
        make_videos(clips), out=tmp_path / "m.csv", labels=labels, measure="all", progress=False
    ).set_index("video_id")
    assert rows["may_reverse"].to_dict() == {"g/slide/0": word, "g/projectile/0": "yes"}
    assert (
        f"{origin} says equivariant, but by its motion it runs forwards only" in rows["reason"]["g/slide/0"]
    )
    assert ("nobody has confirmed the label" in rows["reason"]["g/slide/0"]) == (origin == "llm")
    assert rows["reason"]["g/projectile/0"] == ""


def test_marks_that_are_marked_again_are_measured_and_not_taken_for_labels(
    tmp_path: Path, clips: Path
) -> None:
    first = lab.mark_reversals(make_videos(clips), out=tmp_path / "m.csv", progress=False)
    marked = make_videos(clips).merge(first[["video_id", "reversibility", "reversibility_origin"]])
    again = lab.mark_reversals(marked, out=tmp_path / "m.csv", progress=False)
    pd.testing.assert_frame_equal(again, first)


@pytest.mark.parametrize(
    ("forward", "backward", "word", "says"),
    [
        (5.0, 1.0, "no", "runs forwards only"),
        (1.5, 4.5, "no", "seems to run backwards already"),
        (3.5, 3.0, "yes", "as possible backwards"),
        (np.nan, np.nan, "unknown", "nothing moves"),
    ],
)
def test_the_decision_by_motion(forward: float, backward: float, word: str, says: str) -> None:
    found = judge_motion(forward, backward, "nothing moves", 1.0)
    assert found["may_reverse"] == word
    assert says in found["reason"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "marks.txt"), "must be the name of a file that ends in .csv"),
        (("--out", "m.csv", "--threshold", "0"), "threshold is 0.0; allowed: above 0 and up to 4"),
        (("--out", "m.csv", "--measure", "some"), "measure is 'some'. Allowed: unlabelled, all, none"),
        (("--out", "m.csv", "--prompts", "videophy2"), "there is no column action"),
        (
            ("--out", "m.csv", "--labels", "absent.csv"),
            "absent.csv: there is no such file. Remedy: check",
        ),
        (("--out", "m.csv", "--labels", "l.csv"), "no action of the videos is known. Remedy: give --prompts"),
        (("--out", "m.csv", "--labels", "b.csv"), "b.csv: no row has a label. Remedy: fill in its column"),
    ],
)
def test_a_wrong_command_says_what_to_type(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("l.csv").write_text("action,label\nslide it,reversible\n")
    Path("b.csv").write_text("action,proposed,confirmed\nslide it,,\n")
    code, _, err = run("reversal", clips, *arguments)
    assert code == 2
    assert message in " ".join(err.split())
    assert not Path("m.csv").exists()


def test_labels_of_no_action_of_the_videos_are_refused(tmp_path: Path, clips: Path) -> None:
    make_videos(clips).to_csv(tmp_path / "videos.csv", index=False)
    (tmp_path / "l.csv").write_text("action,label\nslides it,reversible\n")
    command = ("reversal", tmp_path / "videos.csv", "--out", tmp_path / "m.csv", "--measure", "none")
    code, _, err = run(*command, "--labels", tmp_path / "l.csv")
    assert code == 2
    assert "the labels have 'slides it' (did you mean 'slide it'?)" in " ".join(err.split())
    # one that is of a video further down is used there
    (tmp_path / "l.csv").write_text("action,label\nprojectile it,reversible\n")
    assert run(*command, "--labels", tmp_path / "l.csv", "--limit", "1")[0] == 0


def test_the_price_of_labels_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    code, text, _ = run("reversal-labels", "simulated", "--out", out, "--dry-run", "-o", f"cache={tmp_path}")
    assert code == 0
    assert "reversibility: 17 calls of gemini" in text
    assert not out.exists()
