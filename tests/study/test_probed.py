"""What the notebooks on probes start from: who is compared, under which name, in which units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.made_probes import draw_answers, make_probed, make_scores
from videophy_lab import study
from videophy_lab.study.probes import find_point, find_unit


@pytest.fixture(scope="module")
def videos() -> pd.DataFrame:
    return make_probed(n_prompts=6, n_seeds=1)


def test_a_judge_of_two_questions_has_two_names(videos: pd.DataFrame, rng: np.random.Generator) -> None:
    scores = pd.concat([draw_answers(videos, rng, task=task) for task in ("sa", "pc")])
    probed = study.prepare_probes(scores, videos, labels={"judge": "J"})
    assert probed.names == {"judge, PC": "J, PC", "judge, SA": "J, SA"}
    assert probed.left_out == {}
    alone = study.prepare_probes(scores, videos, labels={"judge": "J"}, tasks=["pc"])
    assert alone.names == {"judge": "J"}
    assert alone.left_out == {"judge": ["sa"]}


def test_metrics_stand_apart_and_broken_clips_are_left_out(
    videos: pd.DataFrame, rng: np.random.Generator
) -> None:
    broken = videos.assign(video_id=videos["video_id"] + "x", kind="violation")
    every = pd.concat([videos.assign(kind="right"), broken])
    scores = [draw_answers(every, rng), make_scores(every, "flow", rng.normal(size=len(every)), "flow")]
    probed = study.prepare_probes(pd.concat(scores), every)
    assert (probed.judges, probed.metrics) == (["judge"], ["flow"])
    assert set(probed.pairs["video_id"]) == set(videos["video_id"])


@pytest.mark.parametrize(
    ("scale", "values", "unit"),
    [
        ("", [1, 4, 5], 1.0),
        ("", [0.2, 0.9], 0.25),
        ("", [10, 90], None),
        ("0–100", [2, 3], 25.0),
        ("1–5 (rule: 0, 1, 2)", [1, 1], 1.0),
        ("about 1–4, continuous", [1.5, 3.2], 0.75),
        ("0–1, the probability of Yes against No", [0.1], 0.25),
    ],
)
def test_a_unit_is_a_quarter_of_the_scale(scale: str, values: list[float], unit: float | None) -> None:
    pairs = pd.DataFrame({"control_score": values, "probe_score": values, "task": "pc", "scale": scale})
    assert find_point(pairs) == unit
    assert find_point(pairs.assign(task="sharpness")) is None


def test_one_unit_is_that_of_all_of_a_scorers_videos(videos: pd.DataFrame, rng: np.random.Generator) -> None:
    """Where no scale is known: reversals of few videos are read by the same standard deviation as all."""
    scores = draw_answers(videos, rng)
    scores["score"] *= 20
    pairs = study.pair_with_null(scores, videos)
    controls = scores[scores["probe"].eq("reencode")]["score"]
    assert find_unit(pairs) == (pytest.approx(controls.std()), "standard deviation")
    for by in (["probe"], ["probe", "class"]):
        found = study.estimate_shifts(pairs, by=by).set_index([*by, "quantity"])["estimate"].unstack()
        assert found["shift_units"].to_numpy() == pytest.approx(found["shift"].to_numpy() / controls.std())
    assert find_unit(pairs.assign(control_score=3.0)) == (None, "standard deviation")
    said = study.say_unit(pairs, name="Mine")
    assert said.startswith("The scale of Mine is not known: a unit of its shifts is a standard deviation")
    assert f"{controls.std():.2f} of its points" in said
    told = study.pair_with_null(scores, videos, scales=study.choose_scales({"judge": "0-100"}, ["judge"]))
    assert find_unit(told) == (25.0, "point")
    assert study.say_unit(told, name="Mine") == ""


def test_scales_are_two_numbers_of_a_scorer_that_is_there() -> None:
    with pytest.raises(ValueError, match="scales gives 'wide' for 'judge'; give the ends"):
        study.choose_scales({"judge": "wide"}, ["judge"])
    with pytest.raises(ValueError, match="judgo"):
        study.choose_scales({"judgo": "1–7"}, ["judge"])


def test_a_video_that_was_not_asked_about_is_not_unscored(
    videos: pd.DataFrame, rng: np.random.Generator
) -> None:
    some = videos[~(videos["probe"].eq("reencode") & videos["prompt_id"].isin(["prompt00", "prompt01"]))]
    scores = draw_answers(some[some["probe"].ne("freeze")], rng)
    pairs = study.pair_with_null(scores, some)
    assert pairs.loc[pairs["probe"].eq("freeze"), "pair_status"].eq("not asked").all()
    assert study.estimate_unscored_probes(pairs)["n_unscored"].tolist() == [0]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"notices": 65}, "notices is 65; allowed is above 0.5 and below 1"),
        ({"margin": -1}, "margin is -1; allowed is above 0 and below 1"),
        ({"steady": 1.5}, "steady is 1.5"),
    ],
)
def test_limits_out_of_range_are_refused(limits: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        study.Limits(**limits)


def test_synonyms_of_reversibility_count_and_other_words_are_refused(
    videos: pd.DataFrame, rng: np.random.Generator
) -> None:
    words = {"irreversible": " Irreversible", "equivariant": "reversible", "invariant": "symmetric"}
    renamed = videos.assign(reversibility=videos["reversibility"].map(words))
    assert study.count_probes(renamed).equals(study.count_probes(videos))
    with pytest.raises(ValueError, match="reversibility is 'maybe'"):
        study.count_probes(videos.assign(reversibility="maybe"))
