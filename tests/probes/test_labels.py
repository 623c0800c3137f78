"""Labels of reversibility from a table: which video gets which, whose word counts, what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

import videophy_lab as lab
from tests.probes.clips import write_videos
from tests.test_cli_score import run
from videophy_lab.probes.labels import add_labels
from videophy_lab.reversibility.rows import list_truths
from videophy_lab.schema import TableError

NAMES = (("wan", "p", 0), ("wan", "q", 0), ("sora", "p", 3))
LABELS = ["reversibility", "reversibility_origin"]


@pytest.fixture
def videos(tmp_path: Path) -> pd.DataFrame:
    return write_videos(tmp_path / "videos", NAMES, count=2)


def label(videos: pd.DataFrame, folder: Path, text: str) -> list[list[str]]:
    """Write a table of labels and give what each video is labelled with."""
    file = folder / "labels.csv"
    file.write_text(text)
    return add_labels(videos, file)[0][LABELS].fillna("").to_numpy().tolist()


def test_strangers_clips_are_probed_with_what_the_filter_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a flat folder without captions to the classes of the card, with no table of one's own."""
    monkeypatch.chdir(tmp_path)
    write_videos(Path("made"), NAMES, count=12)
    Path("clips").mkdir()
    for number, path in enumerate(sorted(Path("made").rglob("*.mp4"))):
        os.rename(path, Path("clips") / f"{number}.mp4")
    code, said, error = run("reversal", "clips", "--out", "found.csv")
    assert code == 0, (said, error)
    found = pd.read_csv("found.csv").set_index("video_id")
    assert found["reversibility"].notna().any()
    code, _, error = run("probe", "clips", "--probe", "reverse", "--out", "out", "--labels", "found.csv")
    assert code == 0, error
    assert f"note: {found['reversibility'].notna().sum()} of 3 videos have a label of reversibility" in error
    table = lab.load_videos("out")
    assert len(table) == 9
    for row in table.itertuples():
        assert row.reversibility == found["reversibility"][row.video_id]
        assert row.reversibility_origin == "motion"


def test_a_video_is_found_by_its_id_its_path_or_its_action(
    videos: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, path = videos["video_id"][0], videos["path"][1]
    assert label(videos, tmp_path, f"video_id,reversibility\n{first},Irreversible\n") == [
        ["irreversible", "confirmed"], ["", ""], ["", ""],
    ]  # fmt: skip
    relative = os.path.relpath(path, tmp_path)
    text = f"video_id,path,reversibility,reversibility_origin\nother,{relative},reversible,motion\n"
    assert label(videos, tmp_path, text)[1] == ["reversible", "motion"], "beside the table"
    monkeypatch.chdir(tmp_path / "videos")
    assert label(videos, tmp_path, f"path,label\n{os.path.relpath(path)},invariant\n")[1] == [
        "invariant", "confirmed",
    ]  # fmt: skip
    acting = videos.assign(action=["Smoke  rises", "a cup falls", None])
    text = (
        "action,proposed,confirmed,reason\nsmoke rises,irreversible,,x\nA cup falls,invariant,irreversible,\n"
    )
    assert label(acting, tmp_path, text) == [["irreversible", "llm"], ["irreversible", "confirmed"], ["", ""]]
    # an estimate is of one clip, also where others show the same action
    both = f"video_id,action,reversibility,reversibility_origin\n{first},a cup falls,irreversible,motion\n"
    assert label(acting, tmp_path, both) == [["irreversible", "motion"], ["", ""], ["", ""]]


def test_the_word_that_is_believed_first_counts(videos: pd.DataFrame, tmp_path: Path) -> None:
    own = videos.assign(
        reversibility=["invariant"] * 3, reversibility_origin=["confirmed", "motion", None], generator="mine"
    )
    lines = "".join(f"{name},irreversible,llm\n" for name in own["video_id"])
    labelled = label(own, tmp_path, f"video_id,reversibility,reversibility_origin\n{lines}")
    assert labelled == [["invariant", "confirmed"], ["irreversible", "llm"], ["invariant", "confirmed"]]
    lines = lines.replace("llm", "confirmed")
    labelled = label(own, tmp_path, f"video_id,reversibility,reversibility_origin\n{lines}")
    assert labelled == [["irreversible", "confirmed"]] * 3, "of one origin, what is given now"


def test_simulated_clips_that_are_wrong_on_purpose_have_no_label_of_their_action(
    videos: pd.DataFrame, tmp_path: Path
) -> None:
    names = ["simulated", "simulated-jitter-100", "simulated-mirror-100"]
    made = videos.assign(action="pour", generator=names, kind=[None, None, "control"])
    assert label(made, tmp_path, "action,label\npour,irreversible\n") == [
        ["irreversible", "confirmed"], ["", ""], ["irreversible", "confirmed"],
    ]  # fmt: skip


def test_the_worlds_own_truth_is_told_from_a_persons_word(videos: pd.DataFrame, tmp_path: Path) -> None:
    scene, truth = next((name, word) for (kind, name), word in list_truths().items() if kind == "prompt_id")
    assert truth == "irreversible"
    own = videos.assign(
        action="pour", generator="simulated", prompt_id=scene, reversibility=[truth, "invariant", None]
    )
    assert label(own, tmp_path, "action,label,origin\npour,equivariant,llm\n") == [
        ["irreversible", "simulated"], ["invariant", "confirmed"], ["irreversible", "simulated"],
    ]  # fmt: skip


def test_two_words_for_one_class_are_one_label(videos: pd.DataFrame, tmp_path: Path) -> None:
    made = videos.assign(action="pour")
    assert label(made, tmp_path, "action,label\npour,reversible\nPour,equivariant\n")[0] == [
        "reversible", "confirmed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("video_id,may_reverse\nx,yes\n", "columns are video_id, may_reverse; needed are one of"),
        ("name,reversibility\nx,invariant\n", "needed are one of video_id, path, action, and reversibility"),
        ("video_id,reversibility\nwan/p/0,irreversibel\n", "row 2: reversibility is 'irreversibel'. All"),
        ("video_id,label,origin\nwan/p/0,invariant,me\n", "the origin is 'me'. Allowed: confirmed"),
        ("video_id,label\nwan/p/0,invariant\nwan/p/0,irreversible\n", "row 3 says irreversible of video_id"),
        ("video_id,label\nx,invariant\n", "no row with a label has the video_id .*video_id wan/p/0"),
        ("video_id,label\nwan/p/0,\n", "no row with a label has the video_id of a video"),
    ],
)  # fmt: skip
def test_tables_that_say_nothing_are_refused(
    videos: pd.DataFrame, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(TableError, match=message):
        label(videos, tmp_path, text)


def test_labels_are_of_the_video_whichever_run_made_its_probes(videos: pd.DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("video_id,label\nwan/p/0,irreversible\n")
    common = {"out": tmp_path / "out", "workers": 1, "progress": False}
    lab.probe(videos, ["reverse"], **common)
    with pytest.warns(UserWarning, match="1 of 3 videos have a label"):
        lab.probe(videos, ["freeze"], labels=file, **common)
    with pytest.warns(UserWarning, match="label of reversibility kept of an earlier run: 1 of 3 videos"):
        lab.probe(videos, ["loop"], **common)
    table = lab.load_videos(tmp_path / "out")
    assert len(table) == 15
    assert table["reversibility"].eq("irreversible").equals(table["video_id"].eq("wan/p/0"))
    assert table["reversibility_origin"].dropna().unique().tolist() == ["confirmed"]


def read_labels(folder: Path) -> dict[str, list[str]]:
    table = lab.load_videos(folder)
    assert table.groupby("video_id")[LABELS].nunique(dropna=False).eq(1).all(axis=None)
    first = table.drop_duplicates("video_id").set_index("video_id")
    return {str(name): list(cells) for name, cells in first[LABELS].fillna("").iterrows()}


def test_labels_of_before_are_kept_and_new_ones_replace_them(videos: pd.DataFrame, tmp_path: Path) -> None:
    file, out = tmp_path / "labels.csv", tmp_path / "out"
    videos.to_csv(tmp_path / "videos.csv", index=False)
    command = ("probe", tmp_path / "videos.csv", "--probe", "reverse", "--out", out, "--workers", 1)
    file.write_text("video_id,label,origin\nwan/p/0,irreversible,confirmed\nwan/q/0,invariant,llm\n")
    assert run(*command, "--labels", file)[0] == 0
    first = (out / "videos.csv").read_bytes()
    code, _, error = run(*command)
    assert code == 0
    note = "note: label of reversibility kept of an earlier run: 2 of 3 videos; --labels FILE replaces it"
    assert note in error
    assert (out / "videos.csv").read_bytes() == first
    # a probe that is added later, of a table that says something itself
    own = videos.assign(reversibility=[None, "equivariant", "equivariant"])
    own.to_csv(tmp_path / "videos.csv", index=False)
    code, _, error = run(*command, "--probe", "freeze")
    assert code == 0
    kept = {"wan/p/0": ["irreversible", "confirmed"], "wan/q/0": ["equivariant", "confirmed"]}
    assert read_labels(out) == {**kept, "sora/p/3": ["equivariant", "confirmed"]}
    # an estimate that is given now counts before a label of before, and what it leaves out keeps its own
    videos.to_csv(tmp_path / "videos.csv", index=False)
    file.write_text("video_id,label,origin\nwan/p/0,irreversible,motion\n")
    code, _, error = run(*command, "--labels", file)
    assert code == 0
    assert "kept of an earlier run: 2 of 3 videos" in error
    assert read_labels(out) == {
        "wan/p/0": ["irreversible", "motion"],
        "wan/q/0": ["equivariant", "confirmed"],
        "sora/p/3": ["equivariant", "confirmed"],
    }
