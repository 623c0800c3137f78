"""The world as a generator: what it stands for, what it refuses, and what it says of each clip."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.generators.simulated.worlds import PAIRS, SCENES, get_clip
from videophy_lab.generators.base import Order
from videophy_lab.generators.simulated import Simulated, list_violations, make_prompts
from videophy_lab.generators.simulated.cards import CARDS
from videophy_lab.generators.simulated.catalog import find_scene
from videophy_lab.generators.simulated.clips import judge
from videophy_lab.generators.simulated.laws import LAWS
from videophy_lab.generators.simulated.outcomes import OUTCOMES
from videophy_lab.generators.simulated.scenes import BUILDERS
from videophy_lab.generators.simulated.violations import (
    IRREVERSIBLE,
    VIOLATIONS,
    choose_severities,
    choose_violations,
    find_kind,
)
from videophy_lab.schema import check_table, make_prompt_id

FAST = Simulated(fast=True)
WORLDS = FAST.list_variants()


def make_order(scene, seed=0):
    card = CARDS[scene]
    return Order(f"simulated/{card.prompt_id}/{seed}", card.prompt_id, seed, card.caption)


def make(name, order, tmp_path):
    ((given, made),) = WORLDS[name].make([order], folder=tmp_path)
    assert given is order
    return made


def test_every_scene_has_words_a_builder_and_an_outcome():
    assert set(SCENES) == set(CARDS) == set(BUILDERS) == set(OUTCOMES)
    assert len(SCENES) >= 14


def test_the_prompts_are_a_table_of_prompts():
    prompts = check_table(make_prompts(), "prompts", source="world")
    assert list(prompts["scene"]) == list(SCENES)
    assert prompts["prompt_id"].is_unique
    assert [make_prompt_id(caption) for caption in prompts["caption"]] == list(prompts["prompt_id"])
    assert (prompts["upsampled_caption"].str.len() > prompts["caption"].str.len()).all()
    assert set(prompts["category"]) == {"object_interaction", "physical_activity"}
    irreversible = prompts["reversibility"].eq("irreversible").to_numpy()
    assert [scene in IRREVERSIBLE for scene in prompts["scene"]] == list(irreversible)


def test_the_violations_are_a_table_with_the_scenes_of_each():
    table = list_violations()
    assert set(table["kind"]) == {"violation", "control"}
    assert set(table["law"].dropna()) <= set(LAWS)
    reversal = table[table["name"] == "reversal"].set_index("kind")["scenes"].str.split()
    assert sorted(reversal["violation"] + reversal["control"]) == sorted(SCENES)
    assert set(table.loc[table["kind"] == "control", "name"]) == {"reversal", "speed_up", "freeze", "jitter"}


def test_it_stands_for_the_right_world_and_one_for_each_violation_and_severity():
    worlds = Simulated(violations="weak_gravity, freeze", severities="1,0.25").list_variants()
    assert list(worlds) == ["", "-weak_gravity-025", "-weak_gravity-100", "-freeze-100"]
    assert list(Simulated(violations="none").list_variants()) == [""]
    controls = Simulated(violations="jitter, teleport", severities="1,0.25").list_variants()
    assert sorted(controls) == ["", "-jitter-100", "-teleport-025", "-teleport-100"]
    graded = sum(edit.graded and edit.kind == "violation" for edit in VIOLATIONS.values())
    assert len(WORLDS) == 1 + 3 * graded + len(VIOLATIONS) - graded
    described = [tuple(sorted(world.describe().items())) for world in WORLDS.values()]
    assert len(set(described)) == len(WORLDS)


@pytest.mark.parametrize("text", ["weak_gravty", "all,freeze", "", " , "])
def test_a_wrong_violation_is_named_with_the_right_ones(text):
    with pytest.raises(ValueError, match="Allowed: all, none, or a list of weak_gravity"):
        Simulated(violations=text)


def test_a_typing_error_in_a_violation_is_met_with_the_close_match():
    with pytest.raises(ValueError, match=r"no violation 'telport'\. Did you mean teleport\?"):
        choose_violations("vanish,telport")


@pytest.mark.parametrize("text", ["0", "1.5", "half", "nan", "0.125,", "0.333"])
def test_a_wrong_severity_is_refused(text):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        choose_severities(text)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 255}, "even numbers from 64 to 1024"),
        ({"size": 32}, "even numbers"),
        ({"frames": 24}, "at least 38 frames"),
        ({"frames": 200}, "at most 143 frames"),
    ],
)
def test_a_wrong_size_or_length_is_refused_with_a_remedy(options, words):
    with pytest.raises(ValueError, match=words):
        Simulated(**options)


def test_a_scene_is_found_by_its_name_its_prompt_or_its_caption():
    card = CARDS["slope"]
    assert find_scene(card.prompt_id, "something else") == "slope"
    assert find_scene("0" * 12, f" {card.caption} ") == "slope"
    assert find_scene("0" * 12, "something else", "slope") == "slope"
    assert find_scene("0" * 12, "A horse gallops.", "meadow") == ""


def test_a_prompt_of_another_table_gets_an_error_with_a_remedy(tmp_path):
    stranger = Order("simulated/0/0", "0" * 12, 0, "A horse gallops over a meadow.")
    assert WORLDS["-vanish-100"].refuse(stranger) == ""
    made = make("-vanish-100", stranger, tmp_path)
    assert made.frames is None
    assert "give `simulated` as PROMPTS" in made.error


@pytest.mark.parametrize("name", VIOLATIONS)
def test_scenes_in_which_a_violation_cannot_be_seen_are_refused_with_the_reason(name, tmp_path):
    world = WORLDS[f"-{name}-100"]
    for scene in SCENES:
        why = world.refuse(make_order(scene))
        assert bool(why) == (scene not in VIOLATIONS[name].scenes)
        if why:
            assert VIOLATIONS[name].otherwise in why
            assert make(f"-{name}-100", make_order(scene), tmp_path).error == f"{why}."


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_has_rules_and_each_violation_breaks_one(scene):
    rules = CARDS[scene].rules
    assert len(rules) >= 3
    assert {rule.law for rule in rules} <= set(LAWS)
    assert [truth.label for truth in judge(scene, "none")] == [1] * len(rules)
    for name, where in PAIRS:
        if where != scene:
            continue
        labels = [truth.label for truth in judge(scene, name)]
        broken = find_kind(name, scene) == "violation"
        assert (0 in labels) == broken or name == "reversal", (name, labels)
        if broken:
            assert 0 in labels, name
        elif name != "reversal":
            assert labels == [1] * len(rules)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("violation", ["none", "speed_up", "jitter"])
def test_what_the_caption_says_comes_about_where_no_law_is_broken(scene, violation):
    clip = get_clip(scene, violation)
    assert OUTCOMES[scene](clip.take.stage, clip.run)


@pytest.mark.parametrize(
    ("scene", "violation"),
    [("fall", "vanish"), ("fall", "inverted_gravity"), ("fall", "reversal"), ("slide", "friction_reversed"),
     ("slope", "reversal"), ("float", "buoyancy_inverted"), ("tower", "reversal"), ("wall", "penetration"),
     ("dominoes", "vanish"), ("pour", "reversal")],
)  # fmt: skip
def test_what_the_caption_says_does_not_come_about_where_a_law_prevents_it(scene, violation):
    clip = get_clip(scene, violation)
    assert not OUTCOMES[scene](clip.take.stage, clip.run)


@pytest.mark.usefixtures("needs_rendering")
def test_a_wrong_clip_says_all_that_is_true_of_it(tmp_path):
    made = make("-teleport-050", make_order("bounce"), tmp_path)
    assert made.frames.shape == (25, 128, 128, 3)
    assert made.fps == 12
    assert made.text == CARDS["bounce"].caption
    onset = made.facts["onset"]
    assert made.facts == {
        "scene": "bounce", "violation": "teleport", "kind": "violation", "law": "Inertia", "severity": 0.5,
        "onset": onset, "physical": 0, "reversibility": "irreversible",
    }  # fmt: skip
    assert 0 < onset < 22
    assert made.ratings == {"pc": 0.0, "sa": 1.0}
    assert {truth.label for truth in made.rules if truth.law == "Inertia"} == {0}
    assert made.settings["radius"] > 0
    assert made.files["tracks.csv"].count(b"\n") == 26


@pytest.mark.usefixtures("needs_rendering")
def test_a_right_clip_has_no_onset_and_breaks_nothing(tmp_path):
    made = next(iter(FAST.make([make_order("slope")], folder=tmp_path)))[1]
    assert made.facts["kind"] == "right"
    assert made.facts["violation"] == "none"
    assert made.facts["severity"] == 0
    assert "onset" not in made.facts
    assert made.ratings == {"pc": 1.0, "sa": 1.0}
    assert {truth.label for truth in made.rules} == {1}


@pytest.mark.usefixtures("needs_rendering")
def test_a_film_of_what_can_run_backwards_is_a_control_that_may_leave_its_caption(tmp_path):
    made = make("-reversal-100", make_order("slope"), tmp_path)
    assert made.facts["kind"] == "control"
    assert made.facts["law"] == CARDS["slope"].law
    assert made.ratings == {"pc": 1.0, "sa": 0.0}


def test_a_missing_mujoco_is_said_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(ImportError, match=r"videophy-lab\[sim\]"):
        Simulated().prepare()


def test_importing_the_world_imports_no_engine():
    program = (
        "import sys; from videophy_lab.generators.simulated import Simulated, make_prompts; "
        "Simulated().list_variants(); print('mujoco' in sys.modules, 'pandas' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
