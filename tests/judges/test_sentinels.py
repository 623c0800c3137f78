"""Judges that see no pixel: constant and seeded answers."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import chisquare

from tests.conftest import ROOT
from videophy_lab.judges.base import Question, Scorer, make_spec
from videophy_lab.judges.questions import SCALE
from videophy_lab.judges.sentinels import Constant, Random
from videophy_lab.video.clip import Clip, VideoInfo

CLIP = Clip(VideoInfo(Path("v.mp4"), "h264", "yuv420p", 8, 8, 1, 8.0, 0.125))


def ask(judge: Scorer, *questions: Question) -> list[float]:
    """Ask a judge about one clip; give the scores."""
    return [answer.score for answer in judge.score([CLIP], [questions])[0]]


def name_videos(count: int) -> list[Question]:
    return [Question("sa", video_id=f"wan/{number:012x}/0") for number in range(count)]


def test_the_constant_defaults_are_the_commonest_human_answers() -> None:
    ratings = pd.read_csv(ROOT / "data/videophy2/ratings.csv")
    labels = pd.read_csv(ROOT / "data/videophy2/rule_labels.csv")
    commonest = (ratings["human_sa"].mode()[0], ratings["human_pc"].mode()[0], labels["label"].mode()[0])
    assert (Constant().sa, Constant().pc, Constant().rule) == commonest


def test_the_constant_gives_its_answer_and_all_probability_to_it() -> None:
    judge = Constant(sa=2, pc=5, rule=0)
    questions = [Question("rule", "A ball falls.", rule_id="r"), Question("sa", "A ball."), Question("pc")]
    answers = judge.score([CLIP, CLIP], [questions, []])
    assert [len(asked) for asked in answers] == [3, 0]
    assert [(a.score, a.expected, a.answer, a.status) for a in answers[0]] == [
        (0, 0, "0", "ok"),
        (2, 2, "2", "ok"),
        (5, 5, "5", "ok"),
    ]
    assert [a.probabilities for a in answers[0]] == [(1, 0, 0), (0, 1, 0, 0, 0), (0, 0, 0, 0, 1)]


@pytest.mark.parametrize("wrong", [{"sa": 0}, {"pc": 6}, {"rule": 3}, {"sa": 3.5}])
def test_a_constant_off_the_scale_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=rf"cannot answer .* to {next(iter(wrong))}\. Allowed"):
        Constant(**wrong)


@pytest.mark.parametrize("judge", [Constant(), Random()])
def test_a_task_without_a_question_is_refused(judge: Scorer) -> None:
    with pytest.raises(ValueError, match=r"'contrast'.*sa, pc, rule"):
        ask(judge, Question("contrast"))


def test_a_draw_does_not_depend_on_order_or_batch() -> None:
    questions = name_videos(50)
    together = ask(Random(seed=7), *questions)
    assert ask(Random(seed=7), *reversed(questions)) == together[::-1]
    assert [ask(Random(seed=7), question)[0] for question in questions] == together
    apart = Random(seed=7).score([CLIP] * 50, [[question] for question in questions])
    assert [answers[0].score for answers in apart] == together


def test_a_draw_is_the_same_in_another_process() -> None:
    probe = (
        "from videophy_lab.judges.base import Question; from videophy_lab.judges.sentinels import Random;"
        "print([int(Random().answer_question(Question('sa', video_id=str(n))).score) for n in range(20)])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    here = [int(ask(Random(), Question("sa", video_id=str(number)))[0]) for number in range(20)]
    assert done.stdout.strip() == str(here)


def test_a_draw_depends_on_everything_that_names_a_question() -> None:
    base = {"video_id": "wan/0/0", "task": "sa", "rule_id": None, "probe": None}
    changed = {"video_id": "wan/1/0", "task": "pc", "rule_id": "r", "probe": "reverse"}
    for name, value in changed.items():
        drawn = [
            [ask(Random(seed=seed), Question(**fields))[0] for seed in range(40)]
            for fields in (base, base | {name: value})
        ]
        assert drawn[0] != drawn[1], name


def test_a_caption_does_not_change_a_draw() -> None:
    one, other = (Question("sa", text, video_id="v") for text in ("a ball", "a cube"))
    drawn = [(ask(Random(seed=seed), one), ask(Random(seed=seed), other)) for seed in range(20)]
    assert all(first == second for first, second in drawn)
    assert len({first[0] for first, _ in drawn}) > 1


@pytest.mark.parametrize("task", SCALE)
def test_draws_are_even_over_the_allowed_answers(task: str) -> None:
    questions = [Question(task, video_id=str(number)) for number in range(3000)]
    counts = Counter(ask(Random(), *questions))
    assert set(counts) == set(SCALE[task])
    assert chisquare(list(counts.values())).pvalue > 0.001


def test_seeds_draw_apart() -> None:
    questions = name_videos(2000)
    pairs = zip(ask(Random(seed=0), *questions), ask(Random(seed=1), *questions), strict=True)
    agreed = sum(one == other for one, other in pairs)
    # binomial(2000, 1/5): mean 400, standard deviation 17.9
    assert 400 - 4 * 17.9 < agreed < 400 + 4 * 17.9


def test_random_says_that_it_does_not_know() -> None:
    for task, expected in (("sa", 3.0), ("rule", 1.0)):
        answer = Random().score([CLIP], [[Question(task, video_id="v")]])[0][0]
        assert math.isclose(sum(answer.probabilities), 1, abs_tol=1e-15)
        assert len(set(answer.probabilities)) == 1
        assert len(answer.probabilities) == len(SCALE[task])
        assert answer.expected == pytest.approx(expected, abs=1e-15)
        assert answer.answer == str(int(answer.score))


def test_the_spec_tells_settings_apart() -> None:
    judges = [Constant(), Constant(pc=3), Random(), Random(seed=1)]
    assert len({make_spec(judge.describe()) for judge in judges}) == 4
    assert make_spec(Constant().describe()) == make_spec(Constant(sa=3).describe())


@pytest.mark.parametrize("judge", [Constant(), Random()])
def test_a_sentinel_wants_no_frames_and_fetches_nothing(judge: Scorer) -> None:
    judge.prepare()
    assert judge.view is None
    assert judge.batch_size > 1
    assert judge.card.tasks == ("sa", "pc", "rule")


def test_settings_cannot_be_changed_behind_the_spec() -> None:
    with pytest.raises(FrozenInstanceError):
        Random().seed = 3  # type: ignore[misc]


def test_sentinels_need_neither_video_libraries_nor_networks() -> None:
    probe = (
        "import sys; from videophy_lab.judges.sentinels import Constant, Random; "
        "from videophy_lab.judges.base import Question;"
        "[judge.score([None], [[Question('sa')]]) for judge in (Constant(), Random())];"
        "print(sorted({'torch', 'av', 'cv2', 'transformers', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
