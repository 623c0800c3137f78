"""Each violation breaks its law by as much as it says, from its onset on, and more with more severity."""

from __future__ import annotations

import numpy as np
import pytest

from tests.generators.simulated.worlds import (
    EDITED,
    SCENES,
    STEP,
    G,
    differ,
    get_run,
    get_take,
    measure_energy,
)
from videophy_lab.generators.simulated.clips import HELD, hold, stage_clip
from videophy_lab.generators.simulated.violations import IRREVERSIBLE, VIOLATIONS

SEVERITIES = (0.25, 0.5, 1.0)


def find_change(scene, violation, severity):
    """Give a run, the right run, and the onset."""
    return (
        get_run(scene, 0, violation, severity),
        get_run(scene),
        get_take(scene).find_onset(violation),
    )


@pytest.mark.parametrize(("violation", "scene"), EDITED)
def test_nothing_changes_before_the_onset_and_something_does_after_it(violation, scene):
    run, right, onset = find_change(scene, violation, 0.25)
    assert 0 < onset < len(right.qpos) - 2
    for name, values in vars(run).items():
        assert np.array_equal(values[:onset], getattr(right, name)[:onset]), name
    moved = np.abs(run.places - right.places)[onset:]
    assert moved.max() > 0.005 or np.any(run.scales != right.scales) or np.any(run.present != right.present)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize(("violation", "factor"), [("weak_gravity", 0.9), ("inverted_gravity", None)])
@pytest.mark.parametrize("scene", ["fall", "projectile"])
def test_gravity_is_what_the_violation_makes_of_it(scene, violation, factor, severity):
    run, _, onset = find_change(scene, violation, severity)
    expected = -G * (1 - factor * severity) if factor else G * severity
    found = differ(run.places[onset : onset + 6, 0, 2])
    assert found == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_bounce_gains_the_energy_that_elasticity_says(severity):
    run, _, _ = find_change("bounce", "elasticity", severity)
    drawn = get_take("bounce").stage.parameters
    lands = int(drawn["lands"] / STEP)
    high = run.places[lands + 2 :, 0, 2]
    time = np.arange(8) * STEP
    slope, start = np.polyfit(time, high[:8] + G * time**2 / 2, 1)
    risen = start + slope**2 / 2 / G - drawn["radius"]
    expected = (1 + 0.4 * severity) ** 2 * (drawn["height"] - drawn["radius"])
    assert risen == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_an_elastic_gain_keeps_the_momentum_of_a_collision(severity):
    run, _, _ = find_change("collision", "elasticity", severity)
    drawn = get_take("collision").stage.parameters
    masses = np.array([drawn["radius"], drawn["other_radius"]]) ** 3
    speeds = np.diff(run.places[:, :2, 0], axis=0) / STEP
    assert masses @ speeds[-1] == pytest.approx(masses @ speeds[0], rel=0.002)
    parting = speeds[-1, 1] - speeds[-1, 0]
    assert parting / drawn["speed"] == pytest.approx(1 + 0.4 * severity, rel=0.01)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("scene", VIOLATIONS["impulse"].scenes)
def test_an_impulse_changes_the_momentum_by_the_kick(scene, severity):
    run, right, onset = find_change(scene, "impulse", severity)
    change = run.qvel[onset] - right.qvel[onset]
    kick = np.array(get_take(scene).stage.kick)
    assert np.linalg.norm(change) == pytest.approx(severity * np.linalg.norm(kick), rel=1e-6)
    assert np.array_equal(run.qpos[onset], right.qpos[onset])


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("scene", SCENES)
def test_as_much_mass_vanishes_as_the_severity_says(scene, severity):
    run, _, onset = find_change(scene, "vanish", severity)
    count = len(get_take(scene).stage.actors)
    if get_take(scene).stage.many:
        assert run.present[onset, :count].mean() == pytest.approx(1 - severity, abs=0.51 / count)
        assert np.all(run.scales[onset] == 1)
    elif severity == 1:
        assert not run.present[onset:, 0].any()
        assert run.present[:onset, 0].all()
    else:
        assert run.scales[onset:, 0] ** 3 == pytest.approx(1 - severity)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("scene", VIOLATIONS["duplicate"].scenes)
def test_a_copy_appears_with_as_much_mass_as_the_severity_says(scene, severity):
    run, right, onset = find_change(scene, "duplicate", severity)
    copy = len(get_take(scene).stage.actors)
    assert not right.present[:, copy:].any()
    assert run.present[onset:, copy].all()
    assert run.scales[onset, copy] ** 3 == pytest.approx(severity)
    apart = np.linalg.norm(run.places[onset:, copy] - run.places[onset:, 0], axis=-1)
    actor = get_take(scene).stage.actors[0]
    assert apart[0] < 2.2 * actor.reach
    assert apart.min() > 0.8 * actor.radius


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("scene", VIOLATIONS["grow"].scenes)
def test_a_body_grows_as_much_as_the_severity_says(scene, severity):
    run, _, _ = find_change(scene, "grow", severity)
    volume = run.scales[:, 0] ** 3
    assert np.all(np.diff(volume) >= 0)
    assert volume[-1] == pytest.approx(1 + 3 * severity, rel=1e-6)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("scene", VIOLATIONS["teleport"].scenes)
def test_a_teleport_goes_as_far_as_the_severity_says(scene, severity):
    run, right, onset = find_change(scene, "teleport", severity)
    stage = get_take(scene).stage
    way = np.linalg.norm(run.places[onset, 0] - right.places[onset, 0])
    if scene in ("pendulum", "chain", "cradle"):  # along an arc, of which the chord is seen
        assert 0.85 * severity * abs(stage.jump) < way < 1.2 * severity * abs(stage.jump)
    else:
        assert way == pytest.approx(severity * abs(stage.jump), rel=1e-6)
    assert np.array_equal(run.qvel[onset], right.qvel[onset])


def measure_depth(scene, severity):
    """Measure how deep bodies go into what should stop them, metres; as much as it is when they pass it."""
    run, _, onset = find_change(scene, "penetration", severity)
    stage = get_take(scene).stage
    if not stage.supports:
        gaps = np.linalg.norm(np.diff(run.places[onset:, : len(stage.actors)], axis=1), axis=-1)
        touching = np.array(
            [a.radius + b.radius for a, b in zip(stage.actors, stage.actors[1:], strict=False)]
        )
        return float((touching - gaps).max())
    normal = np.array(next(iter(stage.supports.values())))
    normal = normal / np.linalg.norm(normal)
    deep, held = (r.places[onset:, : len(stage.actors)] @ normal for r in (run, get_run(scene)))
    # on the slope the right run goes deeper too, as it goes down
    return float((deep - held).max() if scene == "slope" else deep.max() - held.max())


@pytest.mark.parametrize("scene", VIOLATIONS["penetration"].scenes)
def test_bodies_sink_deeper_with_more_severity(scene):
    depths = [measure_depth(scene, severity) for severity in SEVERITIES]
    assert 0.02 < depths[0] < 0.75 * depths[1] < 0.6 * depths[2]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_reversed_friction_pushes_with_as_much_of_it_as_the_severity_says(severity):
    run, _, onset = find_change("slide", "friction_reversed", severity)
    drawn = get_take("slide").stage.parameters
    gained = np.sign(drawn["speed"]) * differ(run.places[onset:, 0, 0])
    assert gained[1:] == pytest.approx(severity * drawn["friction"] * G, rel=0.02)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_inverted_buoyancy_is_what_the_severity_makes_of_it(severity):
    run, right, onset = find_change("float", "buoyancy_inverted", severity)
    drawn = get_take("float").stage.parameters
    change = (run.qvel[onset + 1, 2] - right.qvel[onset + 1, 2]) / STEP
    # the drag falls with the speed and takes some of the change back
    assert change == pytest.approx(-2 * severity * 1000 / drawn["density"] * G, rel=0.25)
    ends = [find_change("float", "buoyancy_inverted", s)[0].places[-1, 0, 2] for s in SEVERITIES]
    assert ends == sorted(ends, reverse=True)
    assert right.places[-1, 0, 2] > ends[0]


@pytest.mark.parametrize("violation", ["weak_gravity", "inverted_gravity", "impulse", "buoyancy_inverted"])
def test_forces_change_more_with_more_severity_in_every_scene(violation):
    for scene in VIOLATIONS[violation].scenes:
        changes = []
        for severity in SEVERITIES:
            run, right, onset = find_change(scene, violation, severity)
            changes.append(float(np.linalg.norm(run.qvel[onset + 1] - right.qvel[onset + 1])))
        assert 0 < changes[0] < changes[1] < changes[2], scene


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene in IRREVERSIBLE])
def test_a_reversal_shows_the_right_run_from_its_end(scene):
    clip = stage_clip(scene, 0, "reversal", 1.0, frames=49, fps=24.0)
    assert np.array_equal(clip.run.places, get_run(scene).places[::-1])
    assert clip.onset == 0


@pytest.mark.parametrize("scene", ["pendulum", "chain"])
def test_a_weaker_gravity_lets_a_swing_rise_higher(scene):
    heights = [get_run(scene).places[:, 0, 2].max()]
    heights += [find_change(scene, "weak_gravity", s)[0].places[:, 0, 2].max() for s in (0.5, 1.0)]
    assert heights == sorted(heights)


def test_a_top_changes_the_sense_in_which_it_circles_when_gravity_is_inverted():
    run, right, onset = find_change("top", "inverted_gravity", 1.0)
    turned = [np.unwrap(np.arctan2(r.places[:, 0, 1], r.places[:, 0, 0])) for r in (run, right)]
    assert np.sign(turned[0][-1] - turned[0][onset]) == -np.sign(turned[1][-1] - turned[1][onset])


def test_the_right_world_has_the_same_energy_however_it_is_asked():
    first = measure_energy("pendulum", get_run("pendulum"))
    again = measure_energy("pendulum", get_take("pendulum").run())
    assert np.array_equal(first, again)


def test_a_film_that_stands_still_goes_on_where_it_stopped():
    held = hold(24, 10)
    length = round(HELD * 24)
    assert held == [*range(11), *[10] * length, *range(11, 24 - length)]
    assert len(held) == 24
    assert hold(24, 22)[-1] == 22


def test_a_film_that_is_sped_up_shows_the_same_motion_sooner():
    run = stage_clip("slope", 0, "speed_up", 1.0, frames=49, fps=24.0).run
    right = get_run("slope")
    # 25 frames of it are 35 of the right one
    assert run.places[25] == pytest.approx(right.places[35], abs=0.003)
