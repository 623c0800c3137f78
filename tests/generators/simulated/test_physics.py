"""The right world against closed formulas, each within the tolerance that is written beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ellipk

from tests.generators.simulated.worlds import (
    FRAMES,
    SCENES,
    STEP,
    G,
    find_seed,
    get_run,
    get_take,
    measure_energy,
)
from videophy_lab.generators.simulated.scenes.tops import find_precession
from videophy_lab.generators.simulated.scenes.water import measure_sunk
from videophy_lab.generators.simulated.violations import IRREVERSIBLE

SEEDS = (0, 1, 2)
TIMES = np.arange(FRAMES) * STEP
REVERSIBLE = [scene for scene in SCENES if scene not in IRREVERSIBLE]


def get(scene, seed, actor=0):
    """Give a scene's parameters and the path of a body."""
    return get_take(scene, seed).stage.parameters, get_run(scene, seed).places[:, actor]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ball_falls_as_galileo_says(seed):
    drawn, path = get("fall", seed)
    free = drawn["lands"] - 0.01 > TIMES
    assert path[free, 2] == pytest.approx(drawn["height"] - G * TIMES[free] ** 2 / 2, abs=0.005)
    assert path[-1, 2] == pytest.approx(drawn["radius"], abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bounce_keeps_the_square_of_the_restitution_of_the_energy(seed):
    drawn, path = get("bounce", seed)
    lands = int(drawn["lands"] / STEP)
    before, after = path[:lands, 2], path[lands + 2 : lands + 12, 2]
    fallen = measure_height(before) - drawn["radius"]
    risen = measure_height(after) - drawn["radius"]
    assert risen / fallen == pytest.approx(drawn["restitution"] ** 2, rel=0.01)


def measure_height(height):
    """Give the height of the parabola's top through a free flight."""
    time = np.arange(len(height)) * STEP
    slope, start = np.polyfit(time, height + G * time**2 / 2, 1)
    return start + slope**2 / 2 / G


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thrown_ball_flies_along_a_parabola(seed):
    drawn, path = get("projectile", seed)
    free = drawn["lands"] - 0.02 > TIMES
    assert path[free, 0] - path[0, 0] == pytest.approx(drawn["speed"] * TIMES[free], abs=0.002)
    high = drawn["height"] + drawn["rise"] * TIMES - G * TIMES**2 / 2
    assert path[free, 2] == pytest.approx(high[free], abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ball_leaves_a_wall_with_its_restitution(seed):
    drawn, path = get("wall", seed)
    speed = np.diff(path[:, 0]) / STEP
    hit = int(drawn["hits"] / STEP)
    assert speed[hit - 2] == pytest.approx(drawn["speed"], rel=0.005)
    assert speed[hit + 1] == pytest.approx(-drawn["restitution"] * drawn["speed"], rel=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_balls_that_collide_keep_momentum_and_energy(seed):
    drawn, first = get("collision", seed)
    second = get_run("collision", seed).places[:, 1]
    masses = np.array([drawn["radius"], drawn["other_radius"]]) ** 3
    speeds = np.stack([np.diff(path[:, 0]) / STEP for path in (first, second)])
    hit = int(drawn["hits"] / STEP)
    before, after = speeds[:, hit - 3], speeds[:, hit + 3]
    assert masses @ after == pytest.approx(masses @ before, rel=0.002)
    assert masses @ after**2 == pytest.approx(masses @ before**2, rel=0.005)
    assert speeds[:, -1] == pytest.approx(after, abs=0.002)  # on ice nothing slows them down


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ball_rolls_down_at_five_sevenths(seed):
    drawn, path = get("slope", seed)
    way = np.linalg.norm(path - path[0], axis=1)
    slope = math.sin(math.radians(abs(drawn["degrees"])))
    assert 2 * way[40] / TIMES[40] ** 2 == pytest.approx(5 / 7 * G * slope, rel=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_friction_slows_a_block_down_by_mu_g(seed):
    drawn, path = get("slide", seed)
    sliding = int(drawn["stops"] / STEP) - 3
    slowing = np.polyfit(TIMES[:sliding], path[:sliding, 0], 2)[0] * 2
    assert abs(slowing) == pytest.approx(drawn["friction"] * G, rel=0.01)
    assert np.sign(slowing) == -np.sign(drawn["speed"])
    assert np.ptp(path[-6:, 0]) < 0.002
    assert abs(path[-1, 0] - path[0, 0]) == pytest.approx(abs(drawn["speed"]) * drawn["stops"] / 2, rel=0.01)


def test_a_pendulum_swings_with_the_period_of_its_length_and_width():
    seed = find_seed("pendulum", shape="sphere")
    drawn, path = get("pendulum", seed)
    length = drawn["length"] + 2 / 5 * drawn["size"] ** 2 / drawn["length"]
    half = math.radians(drawn["degrees"]) / 2
    period = 4 * math.sqrt(length / G) * ellipk(math.sin(half) ** 2)
    middle = np.flatnonzero(np.diff(np.sign(path[:, 0])))
    crossings = [at + path[at, 0] / (path[at, 0] - path[at + 1, 0]) for at in middle]
    assert len(crossings) == 2
    # straight between frames: a few thousandths of a period
    assert (crossings[1] - crossings[0]) * STEP == pytest.approx(period / 2, rel=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_weight_on_a_spring_moves_like_a_cosine(seed):
    drawn, path = get("spring", seed)
    pace = math.sqrt(drawn["stiffness"] / drawn["mass"])
    assert 2 * math.pi / pace == pytest.approx(drawn["period"])
    expected = drawn["balance"] - drawn["stretch"] * np.cos(pace * TIMES) * -1
    assert path[:, 2] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cradle_passes_the_swing_on(seed):
    drawn, first = get("cradle", seed)
    last = get_run("cradle", seed).places[:, 4]
    lowest = first[:, 2].min()
    assert last[:, 2].max() - lowest == pytest.approx(first[0, 2] - lowest, rel=0.05)
    struck = int(np.argmax(np.abs(last[:, 0] - last[0, 0]) > 0.02))
    assert struck * STEP == pytest.approx(drawn["hits"], abs=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ball_rises_and_floats_as_archimedes_says(seed):
    drawn = get_take("float", seed).stage.parameters
    run = get_take("float", seed, 121, 24.0).run()
    height = run.places[:, 0, 2]
    # at first there is hardly any drag
    rising = 2 * (height[1] - height[0]) / STEP**2
    assert rising == pytest.approx((1000 / drawn["density"] - 1) * G, rel=0.08)
    sunk = measure_sunk(height[-24:].mean(), drawn["radius"], drawn["level"])
    volume = 4 / 3 * math.pi * drawn["radius"] ** 3
    assert 1000 * sunk == pytest.approx(drawn["density"] * volume, rel=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_top_precesses_steadily(seed):
    drawn, path = get("top", seed)
    turned = np.unwrap(np.arctan2(path[:, 1], path[:, 0]))
    assert np.diff(turned) / STEP == pytest.approx(drawn["precession"], rel=0.02)
    assert np.ptp(path[:, 2]) < 0.002


def test_a_fast_top_precesses_by_the_textbook_approximation():
    assert find_precession(2.0, (0.3, 0.1), 1000.0, 0.4) == pytest.approx(2.0 / (0.1 * 1000), rel=1e-3)
    assert find_precession(2.0, (0.3, 0.1), -1000.0, 0.4) == pytest.approx(-2.0 / (0.1 * 1000), rel=1e-3)


@pytest.mark.parametrize("scene", REVERSIBLE)
@pytest.mark.parametrize("seed", SEEDS)
def test_scenes_that_can_run_backwards_lose_no_energy(scene, seed):
    energy = measure_outside_contacts(scene, seed)
    moving = energy[0] - measure_lowest(scene, seed)
    assert energy == pytest.approx(energy[0], abs=0.01 * abs(moving))


def measure_outside_contacts(scene, seed=0):
    """Measure the energy, without the single frames in which a pressed contact holds some of it."""
    energy = measure_energy(scene, get_run(scene, seed), seed)
    return np.median(np.stack([energy[:-2], energy[1:-1], energy[2:]]), axis=0)


def measure_lowest(scene, seed):
    """Give the potential energy of the lowest state that a scene comes through, at rest."""
    run = get_run(scene, seed)
    still = run.pick(range(FRAMES))
    still.qvel[:] = 0
    return measure_energy(scene, still, seed).min()


@pytest.mark.parametrize("scene", [scene for scene in IRREVERSIBLE if scene not in ("float", "pour")])
def test_scenes_that_cannot_run_backwards_lose_energy_and_never_gain_any(scene):
    energy = measure_outside_contacts(scene)
    spread = energy[0] - measure_lowest(scene, 0)
    assert energy[-1] < energy[0] - 0.05 * spread
    assert np.diff(energy).max() < 0.01 * spread


def test_marbles_fall_into_the_tray_and_stay_there():
    take, run = get_take("pour"), get_run("pour")
    drawn, ends = take.stage.parameters, run.places[-1]
    inside = np.abs(ends[:, 0] - np.mean([ball[0] for ball in take.stage.keep[:2]])) < drawn["tray"] / 2
    low = ends[:, 2] < drawn["height"] / 2
    assert (inside & low).mean() > 0.8


def test_dominoes_fall_one_after_the_other():
    run = get_run("dominoes")
    start = run.places[0, :, 2]
    fallen = np.argmax(run.places[:, :, 2] < 0.9 * start, axis=0)
    assert np.all(np.diff(fallen) > 0)
    assert np.all(run.places[-1, :, 2] < 0.75 * start)


def test_the_seesaw_flings_the_ball_up_only_when_it_is_struck():
    drawn, path = get("seesaw", 0)
    struck = int(drawn["hits"] / STEP)
    # it settles by a few centimetres
    assert np.ptp(path[:struck, 2]) < 0.05
    assert path[struck:, 2].max() > path[0, 2] + 0.5
