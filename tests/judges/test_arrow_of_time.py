"""The judge of the arrow of time on scenes that lose energy, on those that do not, and on what it cannot see.

The thresholds were set on the simulated world (seeds 100 to 107), which these flat scenes are no part of. The
free flights are all that were ever looked at: one of twenty cannot be left out because it went the wrong way.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.judges.made_scenes import HEIGHT, WIDTH, make_clip, make_scene, make_texture
from tests.judges.test_kinematics import make_unseen, measure_auc
from videophy_lab.judges.arrow_of_time import BODIES, NEUTRAL, PICTURE, RAMPS, ArrowOfTime, rate_component
from videophy_lab.judges.base import OK, UNSCORED, Question, make_spec
from videophy_lab.judges.flow_asymmetry import Flow, measure_sinking, measure_spreading
from videophy_lab.judges.sentinels import Constant
from videophy_lab.judges.time_asymmetry import Course, compare_passes

JUDGE = ArrowOfTime()
SEEDS = (300, 301)
FLIGHTS = (*range(300, 304), *range(400, 416))


def ask(frames, *tasks, judge=JUDGE):
    return judge.score([make_clip(frames, judge.view)], [[Question(task) for task in tasks or ("pc",)]])[0]


@cache
def score_both_ways(kind, seed):
    forward, backward = ask(make_scene(kind, seed).frames, "pc", "backwards")
    return forward.score, backward.score


@pytest.mark.parametrize("kind", ["bounce", "slide", "collision"])
def test_what_loses_energy_scores_lower_backwards(kind):
    """The collision has a restitution of .85: a quarter of the energy of approach is lost."""
    pairs = [score_both_ways(kind, seed) for seed in SEEDS]
    assert measure_auc(pairs) >= 0.9
    assert np.mean([forward - backward for forward, backward in pairs]) > 1


def test_a_flight_is_as_possible_backwards():
    pairs = [score_both_ways("projectile", seed) for seed in FLIGHTS]
    assert measure_auc(pairs) == pytest.approx(0.5, abs=0.1)
    assert np.median(np.abs(np.array(pairs) - NEUTRAL)) == 0


def test_impacts_measure_the_law_of_restitution():
    (impacts,) = ask(make_scene("collision", 300).frames, "impacts")
    assert impacts.score == pytest.approx(1 - 0.85**2, abs=0.15)


def test_a_constant_judge_gives_a_half():
    clips = [make_clip(make_scene("slide", 300).frames[::step].copy(), JUDGE.view) for step in (1, -1)]
    forward, backward = Constant().score(clips, [[Question("pc")]] * 2)
    assert measure_auc([(forward[0].score, backward[0].score)]) == 0.5


def test_backwards_is_the_score_of_the_reversed_frames():
    frames = make_scene("bounce", 300).frames
    forward, backward = score_both_ways("bounce", 300)
    assert [answer.score for answer in ask(frames[::-1].copy(), "backwards", "pc")] == [forward, backward]


def test_the_components_change_sign_with_time():
    frames = make_scene("slide", 306).frames
    tasks = ("dissipation", "sinking", "spreading")
    there, back = ask(frames, *tasks), ask(frames[::-1].copy(), *tasks)
    assert there[0].score > 0.5
    assert there[0].score == pytest.approx(-back[0].score, abs=0.1)
    for one, other in zip(there, back, strict=True):
        assert -1 <= one.score <= 1
        assert one.score == pytest.approx(-other.score, abs=0.25)


def make_crowd(rng, way):
    """Draw a dozen boxes that fall to the floor and stay there (`way` 1), or the reverse of it."""
    places = np.stack([rng.uniform(20, WIDTH - 20, 12), rng.uniform(10, 90, 12)], axis=1)
    wall = 90 + make_texture((HEIGHT, WIDTH), rng, strength=12)[..., None].repeat(3, 2)
    frames = []
    for time in range(36):
        picture = wall.clip(0, 255).astype(np.uint8)
        for x, y in places:
            low = min(y + 0.12 * time**2, HEIGHT - 12)
            picture[int(low) : int(low) + 8, int(x) : int(x) + 8] = (230, 40 + int(x) % 150, 60)
        frames.append(picture)
    return np.stack(frames[::way])


@pytest.mark.parametrize("way", [1, -1])
def test_many_bodies_come_down_to_rest_and_do_not_rise_from_it(way):
    pc, sinking = ask(make_crowd(np.random.default_rng(7), way), "pc", "sinking")
    assert way * (pc.score - NEUTRAL) > 1
    assert way * sinking.score > 0.25


def make_flow(ways):
    return Flow(np.asarray(ways, float), np.array([1.0, 1.0]))


def test_sinking_counts_what_is_lost_on_the_way_down():
    down = np.zeros((20, 8, 8, 2))
    down[:, :, :, 1] = 2.0
    assert measure_sinking(make_flow(down)) == 0  # it goes on at its full speed
    down[12:] = 0
    assert measure_sinking(make_flow(down)) == pytest.approx(1)
    assert measure_sinking(make_flow(-down[::-1])) == pytest.approx(-1)
    assert math.isnan(measure_sinking(make_flow(0 * down)))


def test_spreading_tells_what_parts_from_what_gathers():
    rows, columns = np.mgrid[:9, :9] - 4.0
    ways = np.stack([columns, rows], axis=-1)[None].repeat(5, 0)
    assert measure_spreading(make_flow(ways)) == pytest.approx(1)
    assert measure_spreading(make_flow(-ways)) == pytest.approx(-1)
    assert measure_spreading(make_flow(ways[..., ::-1] * [1, -1])) == pytest.approx(0)  # it turns


def make_course(heights, energies, exchange=0.0):
    count = len(heights)
    return Course(np.arange(count), np.array(heights), np.array(energies), np.zeros(count), exchange)


def test_a_height_is_passed_with_less_energy_only_where_some_is_lost():
    swing = 10 * np.cos(np.linspace(0, 4 * np.pi, 41))
    assert compare_passes(make_course(swing, 50 + 3 * swing, 3.0), 1.0)[0] == pytest.approx(0, abs=1e-9)
    tired = (50 + 3 * swing) * np.linspace(1, 0.3, 41)
    lost, had = compare_passes(make_course(swing, tired, 3.0), 1.0)
    assert lost > 0.2 * had
    assert compare_passes(make_course(swing[::-1], tired[::-1], 3.0), 1.0) == pytest.approx((-lost, had))


def test_across_a_meeting_nothing_is_compared():
    flat, energies = np.zeros(20), np.repeat([50.0, 2.0], 10)
    assert compare_passes(make_course(flat, energies), 1.0)[0] > 0
    assert compare_passes(make_course(flat, energies), 1.0, [9.5])[0] == 0


@pytest.mark.parametrize("name", RAMPS)
def test_a_ramp_is_odd_and_nothing_within_its_noise(name):
    noise, certain = RAMPS[name]
    values = [0, noise, (noise + certain) / 2, certain, 1]
    assert [rate_component(name, value) for value in values] == pytest.approx([0, 0, 0.5, 1, 1])
    assert [rate_component(name, -value) for value in values] == pytest.approx([0, 0, -0.5, -1, -1])


@pytest.mark.parametrize("kind", ["still", "cut", "one frame", "two frames"])
def test_what_cannot_be_seen_is_unscored_with_a_reason(kind):
    answers = ask(make_unseen(kind, np.random.default_rng(5)), "pc", "backwards", "sinking")
    assert {answer.status for answer in answers} == {UNSCORED}
    assert all(math.isnan(answer.score) and answer.error for answer in answers)


def test_a_component_without_anything_to_go_by_is_unscored_alone():
    pc, impacts = ask(make_scene("slide", 307).frames, "pc", "impacts")
    assert pc.status == OK
    assert (impacts.status, impacts.error) == (UNSCORED, "there is nothing to measure impacts by")


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="arrow_of_time was asked for 'sa'; allowed: pc, backwards, diss"):
        ask(np.zeros((9, HEIGHT, WIDTH, 3), np.uint8), "sa")


def test_the_description_names_every_setting():
    json.dumps(JUDGE.describe(), allow_nan=False)
    others = [replace(JUDGE, followed=0.6), replace(JUDGE, most_shift=2.0), replace(JUDGE, travel=0.6)]
    assert len({make_spec(judge.describe()) for judge in [JUDGE, *others]}) == 4
    assert JUDGE.card.tasks == ("pc", "backwards", *BODIES, *PICTURE)
    assert JUDGE.card.default_tasks == ("pc",)
