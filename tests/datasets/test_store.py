"""A folder that was scored into is a source of scores."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import videophy_lab as lab
from videophy_lab.schema import TableError
from videophy_lab.store import ScoreStore


@pytest.mark.parametrize("inside", ["scores", "."])
def test_the_folder_of_a_run_or_its_scores_can_be_loaded(tmp_path: Path, inside: str) -> None:
    row = {"video_id": "g/p/0", "scorer": "mine", "spec": "s", "task": "pc", "score": 4.5, "status": "ok"}
    with ScoreStore(tmp_path / inside) as store:
        store.append([row, row | {"video_id": "g/q/0", "score": None, "status": "unscored"}])
    scores = lab.load_scores(tmp_path)
    assert scores["score"].dropna().tolist() == [4.5]
    assert list(scores["status"]) == ["ok", "unscored"]


def test_a_folder_without_scores_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    with pytest.raises(TableError):
        lab.load_scores(tmp_path)


def test_who_wrote_first_does_not_matter(tmp_path: Path) -> None:
    rows = [
        {"video_id": f"g/{name}/0", "scorer": "mine", "spec": "s", "task": "pc", "score": 4.5, "status": "ok"}
        for name in "abcd"
    ]
    for folder, order in (("forth", rows), ("back", rows[::-1])):
        for row in order:
            with ScoreStore(tmp_path / folder) as store:
                store.append([row])
    forth = lab.load_scores(tmp_path / "forth")
    assert list(forth["video_id"]) == [row["video_id"] for row in rows]
    pd.testing.assert_frame_equal(forth, lab.load_scores(tmp_path / "back"))
