"""lab.probe: whole files with side-cars, made once, one encoder for all, and reasons for what cannot be."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.probes.clips import make_frames, measure_psnr, read_frames, write_videos
from tests.video.made_videos import write_video
from videophy_lab.places import hash_file
from videophy_lab.probes import probe_videos
from videophy_lab.probes.making import check_room
from videophy_lab.probes.summary import describe_outcome, describe_plan
from videophy_lab.schema import TableError, check_table
from videophy_lab.video import VideoError, encode_video, probe_video

NAMES = (("wan", "p", 0), ("wan", "q", 0), ("sora", "p", 3))


@pytest.fixture
def videos(tmp_path: Path) -> pd.DataFrame:
    return write_videos(tmp_path / "videos", NAMES)


def probe(videos: object, probes: list[str], out: Path, **options: object) -> pd.DataFrame:
    return lab.probe(videos, probes, out=out, workers=1, progress=False, **options)


def index_paths(rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    names = zip(rows["video_id"], rows["probe"].fillna(""), strict=True)
    return dict(zip(names, rows["path"], strict=True))


def test_every_probe_is_a_row_with_a_whole_file_and_a_side_car(videos: pd.DataFrame, tmp_path: Path) -> None:
    extra = videos.assign(reversibility="irreversible", severity=0.5, fps=12.0)
    rows = probe(extra, ["reverse", "blur"], tmp_path / "out", severities=[0.5])
    check_table(rows, "videos")
    assert rows["probe"].fillna("").tolist() == ["", "reencode", "reverse", "blur-050"] * 3
    assert rows["severity"].dropna().tolist() == [0.5] * 3
    assert rows["violation_severity"].eq(0.5).all(), "what the videos had under that name is kept apart"
    assert rows["reversibility"].eq("irreversible").all()
    assert rows["video_id"].tolist() == [name for name in videos["video_id"] for _ in range(4)]
    probed = rows[rows["probe"].notna()]
    for row in probed.itertuples():
        path = tmp_path / "out" / row.probe / f"{row.video_id}.mp4"
        assert row.path == str(path)
        assert row.sha256 == hash_file(path)
        record = json.loads(path.with_suffix(".json").read_text())
        assert record["source_sha256"] == hash_file(Path(videos.set_index("video_id")["path"][row.video_id]))
        assert (record["probe"], record["status"], record["settings"]["qp"]) == (row.probe, "ok", 16)
        info = probe_video(path)
        assert (info.frames, info.width, info.height, info.fps) == (12, 128, 96, 12.0)
    assert rows.loc[rows["probe"].isna(), "path"].tolist() == videos["path"].tolist()


def test_the_null_edit_loses_no_more_than_a_codec_and_the_others_go_through_the_same(
    videos: pd.DataFrame, tmp_path: Path
) -> None:
    # at this severity no frame of twelve is dropped: a second null edit
    rows = probe(videos, ["reverse", "mirror", "drop_frames-001"], tmp_path)
    paths = index_paths(rows)
    for name in videos["video_id"]:
        original, null = read_frames(paths[name, ""]), read_frames(paths[name, "reencode"])
        assert 38 < measure_psnr(original, null) < 60
        assert Path(paths[name, "drop_frames-001"]).read_bytes() == Path(paths[name, "reencode"]).read_bytes()
        assert measure_psnr(original[::-1], read_frames(paths[name, "reverse"])) > 38
        assert measure_psnr(original[:, :, ::-1], read_frames(paths[name, "mirror"])) > 38


def test_equal_frames_and_settings_give_equal_bytes_whatever_else_is_probed(
    videos: pd.DataFrame, tmp_path: Path
) -> None:
    first = probe(videos, ["shuffle", "noise-050"], tmp_path / "a")
    second = lab.probe(
        videos.iloc[::-1], ["noise", "shuffle", "freeze"], out=tmp_path / "b", workers=2, progress=False,
        options={"block": 4, "neutral": "Other words."},
    )  # fmt: skip
    known = second.set_index(["video_id", "probe"])["sha256"].to_dict()
    probed = first[first["probe"].notna()]
    assert [known[key] for key in zip(probed["video_id"], probed["probe"], strict=True)] == probed[
        "sha256"
    ].tolist()
    other = probe(videos, ["shuffle"], tmp_path / "c", seed=1)
    same = other["sha256"].to_numpy() == first.loc[~first["probe"].eq("noise-050"), "sha256"].to_numpy()
    assert same.tolist() == [True, True, False] * 3


def test_a_second_run_makes_only_what_is_missing_or_damaged(videos: pd.DataFrame, tmp_path: Path) -> None:
    first = probe_videos(videos, ["reverse", "freeze"], out=tmp_path, workers=1, progress=False)
    assert (first.made, first.plan.n_wanted) == (9, 9)
    paths = index_paths(first.rows)
    Path(paths["wan/p/0", "reverse"]).unlink()
    Path(paths["wan/q/0", "freeze"]).write_bytes(b"half")
    Path(paths["sora/p/3", "reencode"]).with_suffix(".json").unlink()
    again = probe_videos(videos, ["reverse", "freeze"], out=tmp_path, workers=1, progress=False)
    assert again.made == 3
    pd.testing.assert_frame_equal(again.rows, first.rows)
    assert (
        describe_outcome(again)
        .splitlines()[-2]
        .startswith("done: 9 probes of 3 videos: 9 there, 0 failed; 3 files made now, 6 known before")
    )
    assert probe_videos(videos, ["freeze"], out=tmp_path, progress=False).made == 0


def test_the_table_keeps_what_earlier_runs_made(videos: pd.DataFrame, tmp_path: Path) -> None:
    probe(videos.head(1), ["overlay_neutral", "repeat"], tmp_path)
    probe(videos, ["freeze"], tmp_path)
    table = lab.load_videos(tmp_path)
    own = table[table["video_id"].eq("wan/p/0")]
    assert own["probe"].fillna("").tolist() == [
        "", "reencode", "freeze", "overlay_neutral", "repeat_1", "repeat_2",
    ]  # fmt: skip
    assert table.loc[table["video_id"].eq("wan/q/0"), "probe"].fillna("").tolist() == [
        "",
        "reencode",
        "freeze",
    ]
    written = pd.read_csv(tmp_path / "videos.csv")
    assert written.loc[2, "path"] == "freeze/wan/p/0.mp4"
    assert written.loc[0, "path"] == "videos/wan/p/0.mp4"
    assert [Path(path).is_file() for path in table["path"]] == [True] * len(table)


def test_other_settings_another_file_or_another_video_are_refused(
    videos: pd.DataFrame, tmp_path: Path
) -> None:
    probe(videos, ["shuffle", "overlay_positive"], tmp_path)
    for options, message in (
        (
            {"options": {"qp": 20}},
            r"qp 16 there, 20 now; the first is reencode of wan/p/0\).*delete .* with all probes",
        ),
        ({"seed": 5}, r"seed 0 there, 5 now; the first is shuffle of wan/p/0\).*delete \S*shuffle\.$"),
        (
            {"options": {"positive": "All is well."}},
            "positive All motion here obeys physics. there, All is well.",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            probe(videos, ["shuffle", "overlay_positive"], tmp_path, **options)
    probe(videos, ["shuffle"], tmp_path, options={"positive": "All is well."})
    encode_video(make_frames(seed=9), videos["path"][0], fps=12)
    with pytest.raises(ValueError, match=r"1 of the videos changed .*wan/p/0.mp4 \(reencode, shuffle\)"):
        probe(videos, ["shuffle"], tmp_path)


def test_broken_videos_are_rows_with_reasons_and_mended_ones_are_made(
    videos: pd.DataFrame, tmp_path: Path
) -> None:
    good = Path(videos["path"][0]).read_bytes()
    Path(videos["path"][0]).write_bytes(good[: len(good) // 2])
    lost = videos.assign(path=[videos["path"][0], videos["path"][1], str(tmp_path / "gone.mp4")])
    rows = probe(lost, ["reverse", "caption_swap", "repeat"], tmp_path / "out")
    wrong = rows[rows["status"].eq("failed")].set_index("video_id")
    assert set(wrong.index) == {"wan/p/0", "sora/p/3"}
    assert (wrong.groupby("video_id").size() == 6).all(), "the original, its two edits and three questions"
    assert wrong.loc["sora/p/3", "error"].str.startswith("the file cannot be opened: No such file").all()
    assert wrong.loc[wrong["probe"].notna(), "path"].isna().all()
    assert rows["status"].eq("ok").sum() == 6
    outcome = probe_videos(lost, ["reverse"], out=tmp_path / "out", progress=False)
    assert outcome.made == 0
    told = describe_outcome(outcome)
    assert "failed, 1 video (2 probes): the file cannot be opened: No such file or directory" in told
    assert f"(first reencode of sora/p/3; {tmp_path / 'gone.mp4'})" in told
    Path(videos["path"][0]).write_bytes(good)
    mended = probe(lost, ["reverse"], tmp_path / "out")
    assert mended.groupby("video_id")["status"].first().to_dict() == {
        "sora/p/3": "failed", "wan/p/0": "ok", "wan/q/0": "ok",
    }  # fmt: skip


def test_what_failed_is_made_again_on_request(videos: pd.DataFrame, tmp_path: Path) -> None:
    probe(videos, ["overlay_neutral"], tmp_path / "out")
    sidecar = tmp_path / "out" / "overlay_neutral" / "wan" / "p" / "0.json"
    record = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps(record | {"status": "failed", "error": "out of memory"}))
    assert probe_videos(videos, ["overlay_neutral"], out=tmp_path / "out", progress=False).made == 0
    again = probe_videos(videos, ["overlay_neutral"], out=tmp_path / "out", retry=["failed"], progress=False)
    assert again.made == 1
    assert again.rows["status"].eq("ok").all()


@pytest.mark.parametrize(("height", "width"), [(95, 129), (96, 129), (95, 128)])
def test_odd_sizes_are_kept(tmp_path: Path, height: int, width: int) -> None:
    videos = write_videos(tmp_path / "videos", NAMES[:1], height=height, width=width)
    rows = probe(videos, ["mirror", "blank", "overlay_negative", "compression-100"], tmp_path)
    assert rows["status"].eq("ok").all()
    assert rows.loc[1:, "height"].eq(height).all()
    assert rows.loc[1:, "width"].eq(width).all()


def test_a_rate_that_cannot_be_believed_gives_way_to_one_that_can(tmp_path: Path) -> None:
    path = write_video(tmp_path / "fast.mp4", make_frames(12), rate=34417)
    videos = pd.DataFrame(
        {"video_id": ["g/p/0"], "prompt_id": ["p"], "generator": ["g"], "path": [str(path)]}
    )
    assert np.isnan(probe_video(path).fps)
    rows = probe(videos, ["reverse"], tmp_path / "a")
    assert rows["fps"].dropna().tolist() == [24.0, 24.0]
    assert rows["frames"].dropna().tolist() == [12, 12]
    rows = probe(videos, ["reverse"], tmp_path / "b", options={"fallback_fps": "8"})
    assert rows["fps"].dropna().tolist() == [8.0, 8.0]


def test_a_single_frame_can_be_probed(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", NAMES[:1], count=1)
    rows = probe(videos, ["time", "picture", "symmetric"], tmp_path / "out")
    assert rows["status"].eq("ok").all()
    assert rows.loc[1:, "frames"].eq(1).all()


def test_files_are_named_by_what_is_known(tmp_path: Path) -> None:
    made = write_videos(tmp_path / "videos", (("wan 2.1", "p", 0), ("wan 2.1", "q", 0)))
    named = made.drop(columns="seed").assign(video_id=["the first", "second"])
    rows = probe(named, ["freeze"], tmp_path / "out")
    freeze = rows.loc[rows["probe"].eq("freeze"), "path"].tolist()
    assert Path(freeze[0]).parts[-3].startswith("wan-2-1-")
    assert Path(freeze[0]).name.startswith("the-first-")
    assert Path(freeze[1]).name == "second.mp4"
    cased = made.assign(generator=["wan", "Wan"], prompt_id="p", seed=0, video_id=["wan/p/0", "Wan/p/0"])
    with pytest.raises(TableError, match=r"would both be written to .* Remedy: give them names"):
        probe(cased, ["freeze"], tmp_path / "cased")


def test_a_video_that_would_fill_the_memory_is_refused_with_its_size() -> None:
    check_room(1 << 30)
    with pytest.raises(VideoError, match=r"its frames take 5\.0 GiB, allowed are 4"):
        check_room(5 << 30)


@pytest.mark.parametrize("probes", [["freeze"], ["compression-050"]])
def test_a_full_disk_ends_the_run_and_leaves_no_half_file(
    videos: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probes: list[str]
) -> None:
    probe(videos.head(1), probes, tmp_path / "out")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("videophy_lab.video.encode.os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        probe(videos, probes, tmp_path / "out")
    monkeypatch.undo()
    assert not [path for path in tmp_path.rglob("*") if ".part" in path.name]
    assert lab.load_videos(tmp_path / "out")["video_id"].unique().tolist() == ["wan/p/0"]
    assert probe_videos(videos, probes, out=tmp_path / "out", progress=False).made == 4


def test_a_dry_run_makes_nothing_and_counts(videos: pd.DataFrame, tmp_path: Path) -> None:
    probe(videos.head(1), ["freeze"], tmp_path / "out")
    outcome = probe_videos(videos, ["freeze", "repeat"], out=tmp_path / "out", dry_run=True)
    assert describe_plan(outcome).splitlines() == [
        "reencode: 3 videos, 1 there, 2 to make",
        "freeze: 3 videos, 1 there, 2 to make",
        "repeat_1: 3 videos, no file of its own",
        "repeat_2: 3 videos, no file of its own",
        "dry run: 4 of 6 probes of 3 videos to make; nothing was made",
    ]
    assert len(lab.load_videos(tmp_path / "out")) == 3
    probe_videos(videos, ["freeze"], out=tmp_path / "new", dry_run=True)
    assert not (tmp_path / "new").exists()


def test_probes_of_probes_and_words_that_are_wrong_are_refused(videos: pd.DataFrame, tmp_path: Path) -> None:
    rows = probe(videos, ["freeze"], tmp_path / "out")
    with pytest.raises(
        TableError, match=r"6 of the videos are probes already .the first is reencode of wan/p/0"
    ):
        probe(rows, ["reverse"], tmp_path / "again")
    for options, message in (
        ({"options": {"qpp": 3}}, "no option 'qpp'. Did you mean qp"),
        ({"options": {"qp": "good"}}, "option probes.qp is 'good'"),
        ({"options": {"paraphraser.provider": "openai"}}, "the paraphraser needs a model"),
        ({"retry": ["unscored"]}, "allowed: failed"),
        ({"seed": -1}, "seed is -1"),
        ({"repeats": 0}, "repeats is 0; allowed: 1 or more"),
    ):
        with pytest.raises(ValueError, match=message):
            probe(videos, ["freeze"], tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_a_run_that_was_killed_before_its_table_says_what_to_type(
    videos: pd.DataFrame, tmp_path: Path
) -> None:
    probe(videos, ["freeze"], tmp_path / "out")
    (tmp_path / "out" / "videos.csv").unlink()
    with pytest.raises(TableError, match=r"killed before it wrote videos\.csv\. Remedy: type the same"):
        lab.load_videos(tmp_path / "out")
