"""lab.score: tables in, rows in a folder out; nothing is asked twice and nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.engine.scorers import Breaks, Brightness
from videophy_lab.schema import TableError, check_table
from videophy_lab.scoring import score_videos
from videophy_lab.video import encode_video

NOTES = "ignore:.*(is not asked|same sha256|give way)"
pytestmark = pytest.mark.filterwarnings(NOTES)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    rng = np.random.default_rng(9)
    folder = tmp_path / "videos"
    for name in ("wan/a", "wan/b", "sora/a"):
        path = folder / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        encode_video(rng.integers(0, 255, (5, 32, 48, 3), dtype=np.uint8), path, fps=8)
    lines = ["file,caption", "wan/a.mp4,A ball falls.", "wan/b.mp4,A cup breaks.", "sora/a.mp4,A ball falls."]
    (folder / "captions.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_second_run_scores_nothing_and_gives_the_same_rows(tmp_path: Path, clips: Path) -> None:
    scorer = Brightness()
    first = lab.score(clips, [scorer, "constant"], out=tmp_path / "out", progress=False)
    again = lab.score(clips, [scorer, "constant"], out=tmp_path / "out", progress=False)
    assert scorer.prepared == 1
    assert len(scorer.calls) == 1
    pd.testing.assert_frame_equal(first, again)
    check_table(first, "scores")
    assert first["task"].value_counts().to_dict() == {"brightness": 3, "sa": 3, "pc": 3}
    read = pd.read_parquet(tmp_path / "out" / "scores")
    assert len(read) == 9
    assert len(lab.load_scores(tmp_path / "out")) == 9


def test_only_what_is_new_is_scored(tmp_path: Path, clips: Path) -> None:
    scorer = Brightness()
    lab.score(clips, [scorer], out=tmp_path, progress=False)
    encode_video(np.full((4, 32, 48, 3), 7, np.uint8), clips / "sora" / "b.mp4", fps=8)
    encode_video(np.full((4, 32, 48, 3), 90, np.uint8), clips / "wan" / "b.mp4", fps=8)
    rows = lab.score(clips, [scorer], out=tmp_path, progress=False)
    assert sorted(scorer.calls[1]) == ["b.mp4", "b.mp4"]
    assert len(rows) == len(pd.read_parquet(tmp_path / "scores")) == 4
    assert rows.set_index("video_id")["score"].filter(like="wan").between(80, 100).sum() == 1


def test_a_changed_caption_asks_sa_again_and_nothing_else(tmp_path: Path, clips: Path) -> None:
    table = lab.load_videos(clips)
    scorer = Breaks(word="never")
    lab.score(table, [scorer], out=tmp_path, progress=False)
    changed = table.assign(caption=table["caption"].str.replace("cup", "plate"))
    outcome = score_videos(changed, [scorer], out=tmp_path, progress=False)
    assert outcome.plan.missing["task"].tolist() == ["sa"]
    assert outcome.plan.missing["text"].tolist() == ["A plate breaks."]
    assert len(pd.read_parquet(tmp_path / "scores")) == 6


def test_a_renamed_file_is_not_scored_again(tmp_path: Path, clips: Path) -> None:
    scorer = Brightness()
    before = lab.score(clips, [scorer], out=tmp_path, progress=False)
    shutil.move(clips / "wan", clips / "veo")
    (clips / "captions.csv").unlink()
    outcome = score_videos(clips, [scorer], out=tmp_path, progress=False)
    rows = outcome.rows
    assert outcome.asked == 0
    assert len(scorer.calls) == 1
    assert sorted(rows["score"]) == sorted(before["score"])
    assert rows["video_id"].str.startswith("veo/").sum() == 2


def test_a_random_draw_is_never_copied(tmp_path: Path, clips: Path) -> None:
    lab.score(clips, ["random"], out=tmp_path / "a", progress=False)
    shutil.move(clips / "wan", clips / "veo")
    (clips / "captions.csv").unlink()
    rows = lab.score(clips, ["random"], out=tmp_path / "a", progress=False)
    fresh = lab.score(clips, ["random"], out=tmp_path / "b", progress=False)
    assert sorted(zip(rows["video_id"], rows["score"], strict=True)) == sorted(
        zip(fresh["video_id"], fresh["score"], strict=True)
    )


def test_a_file_that_is_gone_is_not_reported_by_its_old_score(tmp_path: Path, clips: Path) -> None:
    table = lab.load_videos(clips)
    lab.score(table, [Brightness()], out=tmp_path, progress=False)
    (clips / "wan" / "a.mp4").unlink()
    rows = lab.score(table, [Brightness()], out=tmp_path, progress=False)
    assert rows["status"].value_counts().to_dict() == {"ok": 2, "failed": 1}
    outcome = score_videos(table, [Brightness()], out=tmp_path, progress=False)
    assert outcome.asked == 0


def test_scores_of_other_files_give_way_with_a_word(tmp_path: Path, clips: Path) -> None:
    lab.score(clips, [Brightness()], out=tmp_path, progress=False)
    for path in clips.rglob("*.mp4"):
        encode_video(np.full((4, 32, 48, 3), 7, np.uint8), path, fps=8)
    with pytest.warns(UserWarning, match="3 stored scores are of other files under the same video_id"):
        lab.score(clips, [Brightness()], out=tmp_path, progress=False)


def test_other_settings_are_other_rows(tmp_path: Path, clips: Path) -> None:
    lab.score(clips, [Brightness(frames=4)], out=tmp_path, progress=False)
    rows = lab.score(clips, [Brightness(frames=2)], out=tmp_path, progress=False)
    assert len(rows) == 3
    stored = pd.read_parquet(tmp_path / "scores")
    assert stored.groupby("spec").size().tolist() == [3, 3]


def test_failed_rows_are_asked_again_only_when_wished(tmp_path: Path, clips: Path) -> None:
    rows = lab.score(clips, [Breaks(word="b.mp4")], out=tmp_path, progress=False)
    assert rows["status"].value_counts().to_dict() == {"ok": 4, "failed": 2}
    mended = Breaks(word="never")
    assert lab.score(clips, [mended], out=tmp_path, progress=False)["status"].eq("failed").sum() == 2
    rows = lab.score(clips, [mended], out=tmp_path, retry=["failed"], progress=False)
    assert set(rows["status"]) == {"ok"}
    assert mended.calls == [["b.mp4"]]
    assert len(pd.read_parquet(tmp_path / "scores")) == 6


def test_a_dry_run_writes_nothing(tmp_path: Path, clips: Path) -> None:
    outcome = score_videos(clips, ["constant"], out=tmp_path / "out", dry_run=True)
    assert len(outcome.plan.missing) == 6
    assert outcome.rows.empty
    assert not (tmp_path / "out").exists()


def test_captions_and_rules_come_from_their_tables(tmp_path: Path, clips: Path) -> None:
    videos = lab.load_videos(clips)
    prompts = videos[["prompt_id", "caption"]].drop_duplicates("prompt_id")
    rules = pd.DataFrame({"rule_id": ["r1", "r2"], "rule": ["It falls.", "It breaks."]})
    rules["prompt_id"] = prompts["prompt_id"].to_numpy()
    rows = lab.score(
        videos.drop(columns="caption"),
        ["constant"],
        out=tmp_path,
        prompts=prompts,
        rules=rules,
        progress=False,
    )
    assert rows["task"].value_counts().to_dict() == {"sa": 3, "pc": 3, "rule": 3}
    assert rows.groupby("rule_id").size().to_dict() == {"r1": 2, "r2": 1}


def test_rules_that_a_review_dropped_are_not_asked(tmp_path: Path, clips: Path) -> None:
    videos = lab.load_videos(clips)
    rules = pd.DataFrame({"rule_id": ["r1", "r2", "r3"], "rule": ["It falls.", "It flies.", "It is."]})
    rules["video_id"] = videos["video_id"].iloc[0]
    reviewed = rules.assign(final=["keep", "drop", "open"])
    outcome = score_videos(videos, ["constant"], out=tmp_path, rules=reviewed, tasks=["rule"], dry_run=True)
    assert outcome.plan.wanted["rule_id"].tolist() == ["r1"]
    assert outcome.plan.notes[0] == "2 of 3 rules left out: 1 dropped, 1 open"
    with pytest.raises(TableError, match="rules: none of its 3 rules is kept: 3 dropped"):
        score_videos(videos, ["constant"], out=tmp_path, rules=rules.assign(final="drop"))


def test_paths_are_found_beside_the_table(
    tmp_path: Path, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = lab.load_videos(clips).drop(columns="sha256")
    table["path"] = [str(Path(path).relative_to(clips)) for path in table["path"]]
    table.to_csv(clips / "videos.csv", index=False)
    monkeypatch.chdir(tmp_path)
    rows = lab.score(clips / "videos.csv", [Brightness()], out=tmp_path, progress=False)
    assert set(rows["status"]) == {"ok"}
    assert rows["sha256"].notna().all()


def test_one_file_under_two_names_is_said(tmp_path: Path, clips: Path) -> None:
    shutil.copy(clips / "wan" / "a.mp4", clips / "sora" / "a.mp4")
    outcome = score_videos(clips, ["constant"], out=tmp_path, dry_run=True)
    assert any("same sha256 (generators sora, wan)" in note for note in outcome.plan.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tasks": ["pc", "rules"]}, "no 'rules'; did you mean rule"),
        ({"tasks": "pc"}, "tasks is the text 'pc'; give a list"),
        ({"tasks": ["rule"]}, "none are given; give them by --rules"),
        ({"retry": ["broken"]}, "retry: there is no 'broken'; allowed: failed, unscored"),
        ({"engine": "spark"}, "engine: there is no 'spark'; allowed: local, ray"),
        ({"rules": "videophy2"}, "no sentence to ask"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    tmp_path: Path, clips: Path, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        lab.score(clips, ["constant"], out=tmp_path / "out", progress=False, **options)


def test_videos_without_files_are_an_error_or_rows(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no path"):
        lab.score("videophy2", ["constant"], out=tmp_path)
    table = pd.DataFrame(
        {"video_id": ["g/p/0"], "prompt_id": ["p"], "generator": ["g"], "path": ["gone.mp4"]}
    )
    with pytest.raises(TableError, match="no video"):
        lab.score(table.iloc[:0], ["constant"], out=tmp_path)
    rows = lab.score(table, ["constant"], out=tmp_path, progress=False)
    assert rows["status"].tolist() == ["failed"]
    rows = lab.score(table.assign(path="x" * 5000), ["constant"], out=tmp_path, progress=False)
    assert rows["status"].tolist() == ["failed"]
