"""Other captions: swapped so that none meets its own, or paraphrased by a table that is checked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import videophy_lab as lab
from tests.probes.clips import CAPTIONS, write_videos
from videophy_lab.probes.captions import fold_text, read_paraphrases, swap_captions
from videophy_lab.schema import TableError

NAMES = (("wan", "p", 0), ("wan", "q", 0), ("sora", "p", 0), ("sora", "r", 0))
words = st.text("abc ", min_size=1, max_size=4).filter(lambda text: text.strip())


def make_table(captions: list[str], actions: list[str] | None = None) -> pd.DataFrame:
    table = pd.DataFrame({"caption": captions})
    return table if actions is None else table.assign(action=actions)


@settings(max_examples=80)
@given(st.lists(words, min_size=2, max_size=12), st.integers(0, 5))
def test_nobody_gets_its_own_caption_and_everybody_an_existing_one(captions, seed) -> None:
    folded = {fold_text(caption) for caption in captions}
    if len(folded) < 2:
        with pytest.raises(
            TableError, match="caption_swap needs two different captions, and the videos have 1"
        ):
            swap_captions(make_table(captions), seed)
        return
    swapped = swap_captions(make_table(captions), seed)
    assert set(swapped) == set(captions)
    assert all(fold_text(own) != fold_text(other) for own, other in swapped.items())
    taken = {fold_text(own): fold_text(other) for own, other in swapped.items()}
    assert sorted(taken.values()) == sorted(folded), "each caption goes to one other"
    assert swap_captions(make_table(captions[::-1]), seed) == swapped


@settings(max_examples=80)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=14), st.integers(0, 3))
def test_captions_of_one_action_are_not_exchanged_where_there_is_a_way(numbers, seed) -> None:
    captions = [f"Caption {place}" for place in range(len(numbers))]
    actions = [f"action {number}" for number in numbers]
    swapped = swap_captions(make_table(captions, actions), seed)
    action = dict(zip(captions, actions, strict=True))
    largest = max(actions.count(name) for name in actions)
    same = [own for own, other in swapped.items() if action[own] == action[other]]
    assert (not same) or 2 * largest > len(captions)
    assert all(own != other for own, other in swapped.items())


def test_other_seeds_give_other_swaps() -> None:
    table = make_table([f"Caption {place}" for place in range(12)])
    assert len({tuple(sorted(swap_captions(table, seed).items())) for seed in range(5)}) == 5


def test_swapped_rows_have_the_null_edits_file_and_another_caption(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", NAMES)
    silent = videos.assign(caption=[CAPTIONS["p"], CAPTIONS["q"], CAPTIONS["p"], None])
    with pytest.warns(UserWarning, match="1 videos have no caption, and no probe of it"):
        rows = lab.probe(silent, ["caption_swap"], out=tmp_path / "out", workers=1, progress=False)
    swapped = rows[rows["probe"].eq("caption_swap")].set_index("video_id")
    assert swapped["caption"].to_dict() == {
        "wan/p/0": CAPTIONS["q"], "wan/q/0": CAPTIONS["p"], "sora/p/0": CAPTIONS["q"],
    }  # fmt: skip
    null = rows[rows["probe"].eq("reencode")].set_index("video_id")
    assert (swapped["path"] == null.loc[swapped.index, "path"]).all()
    assert (swapped["sha256"] == null.loc[swapped.index, "sha256"]).all()
    assert not (tmp_path / "out" / "caption_swap").exists()


def test_paraphrases_of_a_table_become_numbered_rows(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", NAMES)
    table = tmp_path / "words.csv"
    table.write_text(
        "prompt_id,paraphrase\np,Over the floor rolls a ball.\nq,From a table a cup falls.\n"
        "p,A ball is rolling on the floor.\nx,About nothing here.\n"
    )
    options = {"out": tmp_path / "out", "workers": 1, "progress": False, "captions": table}
    rows = lab.probe(videos, ["caption_paraphrase"], **options)
    names = zip(rows["video_id"], rows["probe"], strict=True)
    texts = {key: text for key, text in zip(names, rows["caption"], strict=True) if "para" in str(key[1])}
    assert texts == {
        ("wan/p/0", "caption_paraphrase_1"): "Over the floor rolls a ball.",
        ("wan/p/0", "caption_paraphrase_2"): "A ball is rolling on the floor.",
        ("sora/p/0", "caption_paraphrase_1"): "Over the floor rolls a ball.",
        ("sora/p/0", "caption_paraphrase_2"): "A ball is rolling on the floor.",
        ("wan/q/0", "caption_paraphrase_1"): "From a table a cup falls.",
    }
    fewer = lab.probe(videos, ["caption_paraphrase"], paraphrases=1, **options | {"out": tmp_path / "few"})
    assert fewer["probe"].dropna().unique().tolist() == ["reencode", "caption_paraphrase_1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt_id,words\np,A.\n", "no column 'paraphrase', only prompt_id, words"),
        ("prompt_id,paraphrase\np,\n", "row 1 has a blank cell"),
        (
            "prompt_id,paraphrase\np,a  BALL rolls over the floor.\n",
            "prompt p: a paraphrase is the caption itself",
        ),
        ("prompt_id,paraphrase\np,One.\np,one.\n", "two paraphrases of the caption .* are the same"),
        ("prompt_id,paraphrase\nz,One.\n", "none of its 1 prompts is one of the videos"),
    ],
)
def test_a_table_of_paraphrases_that_cannot_be_is_refused(tmp_path: Path, text: str, message: str) -> None:
    videos = write_videos(tmp_path / "videos", NAMES[:2])
    table = tmp_path / "words.csv"
    table.write_text(text)
    with pytest.raises(ValueError, match=message):
        lab.probe(videos, ["caption_paraphrase"], out=tmp_path / "out", captions=table)
    assert not (tmp_path / "out").exists()


def test_paraphrases_come_from_one_place_and_only_when_they_are_wanted(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", NAMES[:2])
    with pytest.raises(ValueError, match="caption_paraphrase needs other words, from one place"):
        lab.probe(videos, ["caption_paraphrase"], out=tmp_path / "out")
    with pytest.raises(ValueError, match="paraphrases are given and not asked for"):
        lab.probe(videos, ["freeze"], out=tmp_path / "out", captions=tmp_path / "words.csv")
    with pytest.raises(TableError, match="there is no such file"):
        read_paraphrases(tmp_path / "words.csv")
    with pytest.raises(TableError, match="caption_swap needs captions and no video has one"):
        lab.probe(videos.drop(columns="caption"), ["caption_swap"], out=tmp_path / "out")
