"""Labels of actions: what is read, who is believed first, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from videophy_lab.datasets import load_prompts
from videophy_lab.reversibility import label_reversibility, load_labels, merge_labels
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
        ["striking a match", "irreversible", "confirmed", "It burns."],
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
        ("action,label\nopen,maybe\n", "label in row 2 is 'maybe'. Allowed: equivariant, invariant, irre"),
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
    assert set(labelled["origin"]) == {"simulated"}
    name = make_prompt_id("A child drops a ball.")
    stranger = pd.DataFrame({"prompt_id": [name], "action": world["action"].iloc[:1]})
    assert label_reversibility(stranger)["origin"].isna().all()


def test_a_person_comes_before_the_world_and_the_world_before_a_model() -> None:
    world = load_prompts("simulated").iloc[:2]
    actions = world["action"].tolist()
    labels = make_labels((actions[0], "invariant", "confirmed"), (actions[1], "invariant", "llm"))
    found = label_reversibility(world, labels)
    assert found["origin"].tolist() == ["confirmed", "simulated"]
    assert found["reversibility"].tolist() == ["invariant", "irreversible"]


def test_a_tables_own_column_counts_as_a_persons() -> None:
    videos = pd.DataFrame({"prompt_id": ["a", "b"], "reversibility": ["irreversible", None]})
    found = label_reversibility(videos)
    assert found["origin"].tolist() == ["confirmed", None]
    with pytest.raises(TableError, match="reversibility in row 1 is 'perhaps'"):
        label_reversibility(videos.assign(reversibility="perhaps"))


def test_actions_are_listed_once_and_prompts_without_any_say_where_to_get_them() -> None:
    captions = ["A door opens.", "Someone opens a door.", "A cup breaks."]
    prompts = pd.DataFrame({"prompt_id": list(map(make_prompt_id, captions)), "caption": captions})
    actions = prompts.assign(action=["open a door", "Open  a door", "break a cup"])
    assert list_actions(actions) == ["open a door", "break a cup"]
    with pytest.raises(TableError, match=r"they have no actions.*hub:videophy2"):
        list_actions(prompts)
