"""Scores of probed videos: every probe is a question of its own, and a repeat is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pytest

import videophy_lab as lab
from tests.engine.scorers import Brightness
from tests.probes.clips import CAPTIONS, write_videos
from tests.test_cli_score import run
from videophy_lab.judges.base import Answer, Card, Question, Scorer
from videophy_lab.scoring import score_videos
from videophy_lab.scoring.summary import describe_outcome, describe_plan
from videophy_lab.study.scoring import join_videos
from videophy_lab.video import Clip

pytestmark = pytest.mark.filterwarnings("ignore:.*is not asked (rule|sa)")
NAMES = (("wan", "p", 0), ("sora", "q", 0))


@dataclass
class Listens(Scorer):
    """Keeps every question that it is asked, and counts."""

    card: ClassVar[Card] = Card("listens", "counts questions", ("sa", "pc", "rule"), "1–5")
    view: ClassVar[None] = None
    batch_size: ClassVar[int] = 4
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        return {"scorer": "listens"}

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        return [
            [self.note(question, clip) for question in about]
            for clip, about in zip(clips, questions, strict=True)
        ]

    def note(self, question: Question, clip: Clip) -> Answer:
        self.asked.append((question.probe or "", question.task, question.text, clip.info.path.parts[-4]))
        return Answer(float(len(self.asked)))


@pytest.fixture
def probed(tmp_path: Path) -> pd.DataFrame:
    videos = write_videos(tmp_path / "videos", NAMES, count=4)
    probes = ["reverse", "blank", "caption_swap", "repeat"]
    return lab.probe(videos, probes, out=tmp_path / "out", workers=1, progress=False)


def test_every_probe_is_asked_about_its_own_file_with_its_own_caption(
    probed: pd.DataFrame, tmp_path: Path
) -> None:
    judge = Listens()
    rows = lab.score(tmp_path / "out", [judge], out=tmp_path / "scores", progress=False)
    # physics is asked without the caption, so another one makes no question of it
    assert rows["task"].value_counts().to_dict() == {"sa": 2 * 7, "pc": 2 * 6}
    assert rows.groupby(["video_id", "task"])["probe"].apply(lambda probes: probes.isna().sum()).eq(1).all()
    sa = {(probe, text): folder for probe, task, text, folder in judge.asked if task == "sa"}
    p, q = CAPTIONS["p"], CAPTIONS["q"]
    assert sa == {
        (probe, text): folder
        for text in (p, q)
        for probe, folder in [
            ("", "videos"), ("reencode", "reencode"), ("reverse", "reverse"), ("blank", "blank"),
            ("caption_swap", "reencode"), ("repeat_1", "reencode"), ("repeat_2", "reencode"),
        ]
    }  # fmt: skip
    swapped = rows[rows["probe"].eq("caption_swap") & rows["task"].eq("sa")].set_index("video_id")["question"]
    plain = rows[rows["probe"].eq("reencode") & rows["task"].eq("sa")].set_index("video_id")["question"]
    assert swapped["wan/p/0"] == plain["sora/q/0"]
    assert rows["score"].is_unique, "no answer was copied from another probe or repeat"


def test_a_second_run_asks_nothing_from_folder_table_or_frame(probed: pd.DataFrame, tmp_path: Path) -> None:
    judge = Listens()
    first = lab.score(tmp_path / "out", [judge], out=tmp_path / "scores", progress=False)
    for source in (tmp_path / "out", tmp_path / "out" / "videos.csv", probed):
        again = lab.score(source, [judge], out=tmp_path / "scores", progress=False)
        pd.testing.assert_frame_equal(again, first)
    assert len(judge.asked) == len(first)
    missing = probed[~probed["probe"].eq("reverse")]
    part = lab.score(missing, [judge], out=tmp_path / "scores", progress=False)
    pd.testing.assert_frame_equal(part, first[~first["probe"].eq("reverse")].reset_index(drop=True))


def test_an_edit_that_changed_is_asked_again_and_nothing_else(probed: pd.DataFrame, tmp_path: Path) -> None:
    judge = Listens()
    lab.score(probed, [judge], out=tmp_path / "scores", tasks=["pc"], progress=False)
    changed = Path(probed.loc[probed["probe"].eq("blank"), "path"].iloc[0])
    changed.write_bytes(Path(probed["path"].iloc[1]).read_bytes())
    del judge.asked[:]
    with pytest.warns(UserWarning, match="1 stored scores are of other files"):
        lab.score(probed, [judge], out=tmp_path / "scores", tasks=["pc"], progress=False)
    assert [(probe, folder) for probe, _, _, folder in judge.asked] == [("blank", "blank")]


def test_answers_about_the_same_bytes_are_copied_within_a_probe_but_never_for_repeats(
    probed: pd.DataFrame, tmp_path: Path
) -> None:
    judge = Listens()
    lab.score(probed, [judge], out=tmp_path / "scores", tasks=["pc"], progress=False)
    del judge.asked[:]
    renamed = probed.assign(
        generator="veo", video_id=probed["video_id"].str.replace("wan|sora", "veo", regex=True)
    )
    lab.score(renamed, [judge], out=tmp_path / "scores", tasks=["pc"], progress=False)
    assert sorted(probe for probe, *_ in judge.asked) == ["repeat_1", "repeat_1", "repeat_2", "repeat_2"]


def test_the_random_judge_draws_anew_for_each_repeat_and_a_metric_does_not(
    probed: pd.DataFrame, tmp_path: Path
) -> None:
    rows = lab.score(probed, ["random", Brightness()], out=tmp_path / "scores", progress=False)
    means = rows[rows["scorer"].eq("brightness")].pivot(index="video_id", columns="probe", values="score")
    assert (means["reencode"] == means["repeat_1"]).all()
    assert (means["repeat_1"] == means["repeat_2"]).all()
    assert means["blank"].between(127, 129).all()
    draws = rows[rows["scorer"].eq("random")].pivot_table(
        index=["video_id", "task"], columns="probe", values="score"
    )
    assert not draws["repeat_1"].equals(draws["repeat_2"])


def test_rules_are_asked_of_every_probe_of_their_video_but_of_the_caption(
    probed: pd.DataFrame, tmp_path: Path
) -> None:
    rules = pd.DataFrame(
        {"rule_id": ["r1", "r2"], "rule": ["It rolls.", "It stays whole."], "prompt_id": ["p", None],
         "video_id": [None, "sora/q/0"]}
    )  # fmt: skip
    judge = Listens()
    rows = lab.score(probed, [judge], out=tmp_path / "s", rules=rules, tasks=["rule"], progress=False)
    assert len(rows) == 12
    assert {(probe, text) for probe, _, text, _ in judge.asked} == {
        (probe, text)
        for probe in set(probed["probe"].fillna("")) - {"caption_swap"}
        for text in rules["rule"]
    }


def test_studies_of_plain_scores_see_the_originals_only(probed: pd.DataFrame, tmp_path: Path) -> None:
    rows = lab.score(probed, [Listens()], out=tmp_path / "scores", progress=False)
    for videos in (probed, probed[probed["probe"].isna()]):
        joined = join_videos(rows, videos)
        assert len(joined) == 4
        assert joined["probe"].isna().all()


def test_a_run_counts_probes_and_videos(probed: pd.DataFrame, tmp_path: Path) -> None:
    planned = score_videos(probed, [Listens()], out=tmp_path / "scores", dry_run=True)
    assert describe_plan(planned.plan).splitlines()[-1] == (
        "dry run: 26 questions about 14 probes of 2 videos to ask; nothing was scored"
    )
    outcome = score_videos(probed, [Listens()], out=tmp_path / "scores", progress=False)
    assert "done: 26 questions about 14 probes of 2 videos: 26 ok" in describe_outcome(outcome)


def test_probes_of_one_video_are_no_files_under_two_names(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", (("wan", "p", 0), ("sora", "p", 0)), count=4)
    lab.probe(videos, ["blank"], out=tmp_path / "out", workers=1, progress=False)
    code, _, error = run("score", tmp_path / "out", "--scorer", "constant", "--out", tmp_path / "scores")
    assert code == 0
    assert "same sha256" not in error
