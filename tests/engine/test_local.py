"""Scorers over videos in this process: shared frames, batches, broken videos, scorers that raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.engine.scorers import Breaks, Brightness, ByTime, Forgets
from tests.video.made_videos import make_frames, write_video
from videophy_lab.engine import local
from videophy_lab.engine.plan import Job
from videophy_lab.judges.base import Answer, Question, Scorer, ScorerStoppedError
from videophy_lab.judges.sentinels import Constant
from videophy_lab.store import ScoreStore, read_scores
from videophy_lab.video import encode_video


def write_videos(folder: Path, *names: str) -> list[Path]:
    rng = np.random.default_rng(3)
    paths = [folder / f"{name}.mp4" for name in names]
    for path in paths:
        encode_video(rng.integers(0, 255, (6, 32, 48, 3), dtype=np.uint8), path, fps=8)
    return paths


def make_jobs(paths: Sequence[Path], *scorers: str, tasks: Sequence[str] = ("pc",)) -> list[Job]:
    questions = tuple(Question(task) for task in tasks)
    return [Job(f"g/{path.stem}/0", "ab", path, dict.fromkeys(scorers, questions)) for path in paths]


def run(tmp_path: Path, jobs: Sequence[Job], scorers: Mapping[str, Scorer], **options: Any) -> pd.DataFrame:
    specs = {name: f"spec of {name}" for name in scorers}
    with ScoreStore(tmp_path / "scores") as store:
        local.run_jobs(jobs, scorers, specs, store, **options)
        return store.read().set_index(["video_id", "scorer", "task"]).sort_index()


def test_every_question_has_its_row(tmp_path: Path) -> None:
    paths = write_videos(tmp_path, *"abcdefg")
    told: list[tuple[int, int]] = []
    table = run(
        tmp_path,
        make_jobs(paths, "one", "two", tasks=["sa", "pc"]),
        {"one": Brightness(), "two": Brightness(frames=2, batch_size=2)},
        report=lambda videos, rows: told.append((videos, len(rows))),
    )
    assert len(table) == 28
    assert set(table["status"]) == {"ok"}
    assert set(table.xs("one", level="scorer")["spec"]) == {"spec of one"}
    assert (table["seconds"] > 0).all()
    assert told == [(3, 12), (3, 12), (1, 4)]


def test_scorers_share_one_decode_and_take_their_own_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import av

    opened: list[str] = []
    real = av.open
    monkeypatch.setattr(av, "open", lambda file, *a, **k: opened.append(str(file)) or real(file, *a, **k))
    paths = write_videos(tmp_path, *"abcdefgh")
    opened.clear()
    scorers = {f"s{n}": Brightness(frames=n, size=(16, 16 * n), batch_size=n) for n in range(1, 6)}
    table = run(tmp_path, make_jobs(paths, *scorers), scorers)
    assert set(table["status"]) == {"ok"}
    assert len(table) == 40
    assert sorted(name.removeprefix("file:") for name in opened) == sorted(map(str, paths))
    assert [len(call) for call in scorers["s2"].calls] == [2, 2, 1, 2, 1]
    assert [name for call in scorers["s1"].calls for name in call] == [path.name for path in paths]


def test_a_video_is_asked_only_what_its_job_says(tmp_path: Path) -> None:
    first, second = write_videos(tmp_path, "a", "b")
    jobs = [*make_jobs([first], "one"), *make_jobs([second], "two")]
    table = run(tmp_path, jobs, {"one": Brightness(), "two": Brightness()})
    assert list(table.index) == [("g/a/0", "one", "pc"), ("g/b/0", "two", "pc")]


def test_a_broken_video_is_a_row_with_its_reason_and_takes_nobody_with_it(tmp_path: Path) -> None:
    paths = write_videos(tmp_path, "a", "b", "c")
    paths[1].write_bytes(b"not a video")
    paths.append(tmp_path / "gone.mp4")
    table = run(tmp_path, make_jobs(paths, "one", tasks=["sa", "pc"]), {"one": Brightness()})
    statuses = table["status"].groupby("video_id").agg(list).to_dict()
    assert statuses == {
        "g/a/0": ["ok"] * 2,
        "g/b/0": ["failed"] * 2,
        "g/c/0": ["ok"] * 2,
        "g/gone/0": ["failed"] * 2,
    }
    assert table.loc["g/b/0", "error"].str.startswith("the file cannot be read as a video").all()
    assert table.loc["g/gone/0", "error"].str.contains("No such file").all()
    assert table["score"].notna().sum() == 4


def test_a_scorer_that_raises_is_asked_video_by_video(tmp_path: Path) -> None:
    paths = write_videos(tmp_path, "a", "bad", "c")
    table = run(tmp_path, make_jobs(paths, "one", tasks=["sa", "pc"]), {"one": Breaks()})
    assert table["status"].groupby("video_id").first().to_dict() == {
        "g/a/0": "ok",
        "g/bad/0": "failed",
        "g/c/0": "ok",
    }
    assert set(table.loc["g/bad/0", "error"]) == {"RuntimeError: out of memory on purpose"}


def test_a_scorer_with_too_few_answers_has_failed(tmp_path: Path) -> None:
    table = run(tmp_path, make_jobs(write_videos(tmp_path, "a"), "one"), {"one": Forgets()})
    assert table["error"].str.contains("asked [1]", regex=False).all()


def test_what_is_finished_is_stored_when_a_run_is_interrupted(tmp_path: Path) -> None:
    paths = write_videos(tmp_path, *"abcdef")

    class Stops(Brightness):
        def score(self, clips: Any, questions: Any) -> Any:
            if len(self.calls) == 1:
                raise KeyboardInterrupt
            return super().score(clips, questions)

    jobs = make_jobs(paths, "one")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, jobs, {"one": Stops()})
    assert len(pd.read_parquet(tmp_path / "scores")) == 3


def test_large_frames_close_a_group_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GROUP_BYTES", 2 * 4 * 32 * 48 * 3)
    scorer = Brightness(batch_size=100)
    run(tmp_path, make_jobs(write_videos(tmp_path, *"abcde"), "one"), {"one": scorer})
    assert [len(call) for call in scorer.calls] == [2, 2, 1]


def test_a_video_fails_only_for_the_scorers_that_want_what_it_has_not(tmp_path: Path) -> None:
    fast = write_video(tmp_path / "fast.mp4", make_frames(12, 48, 64), rate=34417)
    scorers = {"by_number": Brightness(), "by_time": ByTime(), "blind": Constant()}
    table = run(tmp_path, make_jobs([fast], *scorers), scorers)
    assert table["status"].droplevel(["video_id", "task"]).to_dict() == {
        "blind": "ok",
        "by_number": "ok",
        "by_time": "failed",
    }
    assert "frames a second" in table["error"].dropna().item()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (4.0, "no Answer"),
        (Answer(float("nan")), "the score nan with the status ok"),
        (Answer(4.0, "failed"), "the score 4.0 with the status failed"),
        (Answer(4.0, "fine"), "allowed: ok, unscored, failed"),
        (Answer(4.0, expected=float("inf")), "infinite expected"),
        (Answer(4.0, probabilities=(0.2, 0.2)), "do not sum to 1"),
        (Answer(4.0, probabilities=(float("nan"), 1.0)), "do not sum to 1"),
    ],
)
def test_an_answer_that_cannot_be_fails_alone(tmp_path: Path, given: Any, reason: str) -> None:
    class Odd(Brightness):
        def score(self, clips: Any, questions: Any) -> Any:
            first, *others = super().score(clips, questions)
            return [[given, *first[1:]], *others]

    table = run(
        tmp_path, make_jobs(write_videos(tmp_path, "a", "b"), "one", tasks=["sa", "pc"]), {"one": Odd()}
    )
    assert table["status"].value_counts().to_dict() == {"ok": 3, "failed": 1}
    assert reason in table["error"].dropna().item()


def test_text_that_utf8_cannot_hold_is_stored_all_the_same(tmp_path: Path) -> None:
    class Garbled(Brightness):
        def score(self, clips: Any, questions: Any) -> Any:
            return [[Answer(1.0, answer="\ud800 ok") for _ in asked] for asked in questions]

    table = run(tmp_path, make_jobs(write_videos(tmp_path, "a"), "one"), {"one": Garbled()})
    assert table["answer"].tolist() == ["? ok"]


def test_a_scorer_that_stops_ends_the_run_and_takes_no_answer_along(tmp_path: Path) -> None:
    class Stops(Brightness):
        def score(self, clips: Any, questions: Any) -> Any:
            if len(self.calls) == 2:
                raise ScorerStoppedError("the key is wrong")
            return super().score(clips, questions)

    jobs = make_jobs(write_videos(tmp_path, *"abcdefgh"), "first", "stops", "last")
    stops = Stops(batch_size=2)
    with pytest.raises(ScorerStoppedError, match="the key is wrong"):
        run(tmp_path, jobs, {"first": Brightness(batch_size=8), "stops": stops, "last": Brightness()})
    assert len(stops.calls) == 2, "nobody asks it again, video by video"
    stored = read_scores(tmp_path / "scores")
    assert stored["status"].eq("ok").all()
    assert stored["scorer"].value_counts().to_dict() == {"first": 8, "stops": 4}
