"""Labels of actions: what is read, who is believed first, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from videophy_lab.datasets import load_prompts
from videophy_lab.reversibility import label_reversibility, load_labels, merge_labels, require_match
from videophy_lab.reversibility.labels import list_actions
from videophy_lab.schema import TableError, make_prompt_id


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_what_a_person_confirmed_comes_before_what_was_proposed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "labels.csv",
        "action,label,origin,reason,confirmed\n"
        "striking a match,invariant,llm,It burns.,irreversible\n"
        "opening a drawer,equivariant,llm,It closes.,\n"
        "boiling water,,llm,,\n",
    )
    rows = load_labels(path).to_numpy().tolist()
    assert rows == [
        ["striking a match", "irreversible", "confirmed", "a person overruled invariant"],
        ["opening a drawer", "equivariant", "llm", "It closes."],
    ]


def test_a_plain_list_is_a_persons_and_may_say_reversible_and_symmetric(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "action,label\nopen,Reversible\nswing,symmetric\n")
    labels = load_labels(path)
    assert labels["label"].tolist() == ["equivariant", "invariant"]
    assert labels["origin"].tolist() == ["confirmed", "confirmed"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("verb,label\nopen,invariant\n", "its columns are verb, label; needed are action and label"),
        ("action,label\nopen,maybe\n", "label in row 2 is 'maybe'. Allowed: irreversible, equivariant, inv"),
        ("action,label\n,invariant\n", "row 2 has no action"),
        ("action,label,origin\nopen,invariant,hearsay\n", "origin in row 2 is 'hearsay'. Allowed: confirmed"),
        ("action,label\nopen,invariant\n Open ,equivariant\n", "'open' has two labels of the origin 'confi"),
    ],
)
def test_a_wrong_file_is_refused_with_its_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        load_labels(write(tmp_path / "labels.csv", text))


def make_labels(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame([(*row, "") for row in rows], columns=["action", "label", "origin", "reason"])


def test_merging_keeps_one_row_an_action_of_the_origin_believed_first() -> None:
    first = make_labels(("open", "invariant", "llm"), ("break", "irreversible", "llm"))
    second = make_labels(("Open", "equivariant", "confirmed"), ("break", "invariant", "llm"))
    merged = merge_labels(first, second)
    assert merged[["label", "origin"]].to_numpy().tolist() == [
        ["equivariant", "confirmed"],
        ["irreversible", "llm"],
    ]
    assert merge_labels().empty


def test_the_worlds_labels_are_exact_and_only_for_its_own_prompts() -> None:
    world = load_prompts("simulated")
    labelled = label_reversibility(world.drop(columns="reversibility"))
    assert labelled["reversibility"].tolist() == world["reversibility"].tolist()
    assert set(labelled["reversibility_origin"]) == {"simulated"}
    name = make_prompt_id("A child drops a ball.")
    stranger = pd.DataFrame({"prompt_id": [name], "action": world["action"].iloc[:1]})
    assert label_reversibility(stranger)["reversibility_origin"].isna().all()


def test_a_person_comes_before_the_world_and_the_world_before_a_model() -> None:
    world = load_prompts("simulated").iloc[:2]
    actions = world["action"].tolist()
    labels = make_labels((actions[0], "invariant", "confirmed"), (actions[1], "invariant", "llm"))
    found = label_reversibility(world, labels)
    assert found["reversibility_origin"].tolist() == ["confirmed", "simulated"]
    assert found["reversibility"].tolist() == ["invariant", "irreversible"]


def test_a_tables_own_column_counts_as_a_persons() -> None:
    videos = pd.DataFrame({"prompt_id": ["a", "b"], "reversibility": ["irreversible", None]})
    found = label_reversibility(videos)
    assert found["reversibility_origin"].tolist() == ["confirmed", None]
    with pytest.raises(TableError, match="reversibility in row 1 is 'perhaps'"):
        label_reversibility(videos.assign(reversibility="perhaps"))


def test_labelling_again_changes_nothing() -> None:
    table = pd.DataFrame(
        {
            "prompt_id": ["a", "b", "c", "d"],
            "action": ["break a cup", "open", "swing", "sing"],
            "generator": "wan",
            "origin": "a shop",
            "reversibility": [None, None, "symmetric", None],
        }
    )
    labels = make_labels(("break a cup", "irreversible", "confirmed"), ("open", "equivariant", "llm"))
    once = label_reversibility(table, labels)
    assert once["reversibility"].tolist() == ["irreversible", "equivariant", "invariant", None]
    assert once["reversibility_origin"].tolist() == ["confirmed", "llm", "confirmed", None]
    assert once["origin"].eq("a shop").all()
    for again in (label_reversibility(once), label_reversibility(once, labels)):
        pd.testing.assert_frame_equal(again, once)


def test_labels_given_later_come_before_those_that_a_table_has_of_the_same_origin_or_a_lesser_one() -> None:
    table = pd.DataFrame({"prompt_id": ["a"], "action": ["open"], "generator": ["wan"]})
    proposed = label_reversibility(table, make_labels(("open", "invariant", "llm")))
    confirmed = label_reversibility(proposed, make_labels(("open", "equivariant", "confirmed")))
    assert confirmed[["reversibility", "reversibility_origin"]].to_numpy().tolist() == [
        ["equivariant", "confirmed"]
    ]
    kept = label_reversibility(confirmed, make_labels(("open", "irreversible", "llm")))
    assert kept["reversibility"].tolist() == ["equivariant"]


def test_what_motion_said_stays_no_more_than_reversible() -> None:
    table = pd.DataFrame({"prompt_id": ["a", "b"], "reversibility": ["reversible", "irreversible"]})
    found = label_reversibility(table.assign(reversibility_origin="motion", generator="wan"))
    assert found["reversibility"].tolist() == ["reversible", "irreversible"]
    assert found["reversibility_origin"].tolist() == ["motion", "motion"]
    with pytest.raises(TableError, match=r"reversibility_origin in row 1 is 'hearsay'. Allowed: confirmed"):
        label_reversibility(table.assign(reversibility_origin="hearsay"))


def make_clips(scene: str, *kinds: tuple[str, str | None]) -> pd.DataFrame:
    """Make rows as ``generate simulated`` writes them, of generators and kinds."""
    world = load_prompts("simulated").set_index("scene").loc[scene]
    rows = pd.DataFrame(kinds, columns=["generator", "kind"])
    return rows.assign(prompt_id=world["prompt_id"], scene=scene, reversibility=world["reversibility"])


def test_the_worlds_truth_is_of_its_own_clips_and_not_of_those_wrong_on_purpose() -> None:
    clips = make_clips(
        "pendulum",
        ("simulated", "right"),
        ("simulated-jitter-100", "control"),
        ("simulated-vanish-050", "violation"),
        ("simulated-vanish-050", None),
    )
    found = label_reversibility(clips, make_labels((load_action("pendulum"), "invariant", "llm")))
    assert found["reversibility_origin"].tolist() == ["simulated", "simulated", None, None]
    assert found["reversibility"].tolist() == ["invariant", "invariant", None, None]
    bare = label_reversibility(clips.drop(columns=["reversibility", "kind"]))
    assert bare["reversibility_origin"].tolist() == ["simulated", None, None, None]
    pd.testing.assert_frame_equal(label_reversibility(found), found)


def load_action(scene: str) -> str:
    return load_prompts("simulated").set_index("scene").loc[scene, "action"]


def test_a_label_of_an_action_is_not_given_to_a_clip_wrong_on_purpose() -> None:
    clips = make_clips("pendulum", ("simulated", "right"), ("simulated-vanish-050", "violation"))
    clips = clips.assign(action=load_action("pendulum"))
    labels = make_labels((load_action("pendulum"), "invariant", "confirmed"))
    assert label_reversibility(clips, labels)["reversibility_origin"].tolist() == ["confirmed", None]


def test_another_generators_clip_of_a_simulated_prompt_has_no_truth() -> None:
    clips = make_clips("pendulum", ("wan", None)).drop(columns=["kind", "scene"])
    found = label_reversibility(clips.drop(columns="reversibility"))
    assert found["reversibility_origin"].isna().all()
    own = label_reversibility(clips.assign(reversibility="irreversible"))
    assert own[["reversibility", "reversibility_origin"]].to_numpy().tolist() == [
        ["irreversible", "confirmed"]
    ]


def test_a_persons_word_about_a_simulated_clip_wins() -> None:
    clips = make_clips("pendulum", ("simulated", "right"), ("simulated-vanish-050", "violation"))
    found = label_reversibility(clips.assign(reversibility="irreversible"))
    assert found["reversibility"].tolist() == ["irreversible", "irreversible"]
    assert found["reversibility_origin"].tolist() == ["confirmed", "confirmed"]


def test_labels_that_were_not_loaded_are_refused() -> None:
    table = pd.DataFrame({"prompt_id": ["a"], "action": ["open"]})
    with pytest.raises(TableError, match="labels: their columns are action, proposed; needed are action, la"):
        label_reversibility(table, pd.DataFrame({"action": ["open"], "proposed": ["invariant"]}))


def test_actions_are_listed_once_and_prompts_without_any_say_where_to_get_them() -> None:
    captions = ["A door opens.", "A cup breaks.", "Someone opens a door."]
    prompts = pd.DataFrame({"prompt_id": list(map(make_prompt_id, captions)), "caption": captions})
    actions = prompts.assign(action=["open a door", "break a cup", "Open  a door"])
    assert list_actions(actions) == ["open a door", "break a cup"]
    with pytest.raises(TableError, match=r"they have no actions.*hub:videophy2"):
        list_actions(prompts)


def test_labels_of_no_action_of_the_table_are_refused() -> None:
    videos = pd.DataFrame({"video_id": ["a", "b"], "action": ["Striking a  match", None]})
    labels = pd.DataFrame({"action": ["striking a match", "boiling water"], "label": "irreversible"})
    assert require_match(videos, [labels]) is videos
    assert require_match(videos, []) is videos
    said = r"the labels have 'striking a mach' \(did you mean 'Striking a  match'\?\)"
    with pytest.raises(TableError, match=said):
        require_match(videos, [labels.assign(action="striking a mach")])
    with pytest.raises(TableError, match=r"the videos have none. Remedy: give their table a column action"):
        require_match(videos.drop(columns="action"), [labels])
