"""People answer in the annotation tool what becomes of actions backwards: through the real commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.bad_server import BadServer
from tests.end_to_end.people import post, serve_page
from tests.llm.made_models import KEY, VARIABLE
from tests.reversibility.test_proposal import answer, make_prompts
from videophy_lab.annotation.task import make_key
from videophy_lab.cli import app
from videophy_lab.reversibility import confirm_labels, load_labels, make_questions
from videophy_lab.reversibility.answers import POSSIBLE, SAME, choose_commonest, read_answer
from videophy_lab.schema import TableError, make_rule_id, read_table
from videophy_lab.video import encode_video

DRAWER, SWING, EGG = "open a drawer", "swing on a rope", "break an egg"
YES, NO, UNSURE = 1, 0, 2
# what people answer to the two statements
IRREVERSIBLE, EQUIVARIANT, INVARIANT = (NO, NO), (YES, NO), (YES, YES)


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def write_prompts(folder: Path) -> pd.DataFrame:
    """Write prompts of three actions, and a video of each prompt."""
    prompts = make_prompts()
    prompts.to_csv(folder / "prompts.csv", index=False)
    rows = []
    for number, prompt_id in enumerate(prompts["prompt_id"]):
        path = folder / f"{number}.mp4"
        encode_video(np.full((8, 64, 96, 3), 30 * number, np.uint8), path, fps=8)
        rows.append(
            {"video_id": f"wan/{prompt_id}/0", "prompt_id": prompt_id, "generator": "wan", "path": path}
        )
    videos = pd.DataFrame(rows)
    videos.to_csv(folder / "videos.csv", index=False)
    return videos.assign(action=prompts["action"])


def answer_as(address: str, name: str, videos: pd.DataFrame, says: Callable[[str], tuple[int, int]]) -> None:
    """Answer every item as a page would."""
    actions = {make_key(row["video_id"]): row["action"] for row in videos.to_dict("records")}
    for item in post(address, "open", {"annotator": name})["items"]:
        given = dict(zip((POSSIBLE, SAME), says(actions[item["videos"][0]]), strict=True))
        assert [rule["text"] for rule in item["rules"]] == [POSSIBLE, SAME]
        for rule in item["rules"]:
            body = {"annotator": name, "answer_id": f"{name}-{item['id']}-{rule['id']}", "item": item["id"]}
            post(
                address, "answer", body | {"question": rule["id"], "value": given[rule["text"]], "seconds": 2}
            )


def propose(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a model propose through the command."""
    monkeypatch.setenv(VARIABLE, KEY)
    with BadServer(write=answer) as server:
        options = {
            "provider": "openai", "model": "gpt-4.1", "base_url": f"{server.address}/v1", "price": "2,10",
            "key_variable": VARIABLE, "cache": folder / "answers",
        }  # fmt: skip
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        code, text, err = run(
            "reversal-labels", folder / "prompts.csv", "--out", folder / "labels.csv", *words
        )
    assert code == 0, err
    assert "3 actions: 3 labelled, 0 not" in text


def read(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "labels.csv").set_index("action")


def test_people_confirm_and_overrule_what_a_model_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos, prompts = write_prompts(tmp_path), tmp_path / "prompts.csv"
    propose(tmp_path, monkeypatch)
    assert read(tmp_path)["proposed"].to_dict() == {
        DRAWER: "equivariant", SWING: "invariant", EGG: "irreversible",
    }  # fmt: skip
    assert read(tmp_path)["confirmed"].isna().all()
    questions, ratings = tmp_path / "questions.csv", tmp_path / "ratings.csv"
    code, text, _ = run("reversal-labels", prompts, "--questions", questions)
    assert code == 0
    assert f"annotate VIDEOS --tasks rule --rules {questions} --out ratings.csv" in text
    said = {
        # a person who thinks that nothing could happen, and one who cannot tell of the swing
        "Ada": {DRAWER: EQUIVARIANT, SWING: IRREVERSIBLE, EGG: IRREVERSIBLE},
        "Ben": {DRAWER: INVARIANT, SWING: (YES, UNSURE), EGG: (UNSURE, NO)},
        "Cem": {DRAWER: INVARIANT, SWING: INVARIANT, EGG: (NO, UNSURE)},
    }
    asked = (tmp_path / "videos.csv", "--rules", questions, "--tasks", "rule", "--attention-every", 0)
    with serve_page(*asked, "--out", ratings) as (address, stop):
        for name, own in said.items():
            answer_as(address, name, videos, own.__getitem__)
        assert stop().startswith("done: 24 ratings")
    code, text, err = run("reversal-labels", prompts, "--out", tmp_path / "labels.csv", "--ratings", ratings)
    assert code == 0, err
    # two videos open a drawer: each person answers about each
    assert "done: n = 12 answers about 3 actions, 1 not confirmed" in text
    assert f"not confirmed: {SWING}: two answers are as common" in text
    assert "labels that people overruled, of those both proposed and confirmed: 1 of n = 2" in text
    found = read(tmp_path)
    assert found["proposed"].tolist() == ["equivariant", "invariant", "irreversible"]
    assert found["confirmed"].fillna("").tolist() == ["invariant", "", "irreversible"]
    counts = ["n_irreversible", "n_equivariant", "n_invariant", "n_cannot_tell"]
    assert found.loc[DRAWER, counts].tolist() == [0, 2, 4, 0]
    assert found.loc[SWING, counts].tolist() == [1, 0, 1, 1]
    assert found.loc[EGG, counts].tolist() == [2, 0, 0, 1]
    labels = load_labels(tmp_path / "labels.csv").set_index("action")
    assert labels[["label", "origin"]].to_numpy().tolist() == [
        ["invariant", "confirmed"], ["invariant", "llm"], ["irreversible", "confirmed"],
    ]  # fmt: skip
    assert labels.loc[DRAWER, "reason"] == "a person overruled equivariant"
    before = (tmp_path / "labels.csv").read_bytes()
    run("reversal-labels", prompts, "--out", tmp_path / "labels.csv", "--ratings", ratings)
    assert (tmp_path / "labels.csv").read_bytes() == before
    # a new proposal keeps what people said
    propose(tmp_path, monkeypatch)
    # the question's hash has the address of the server in it
    pd.testing.assert_frame_equal(
        read(tmp_path).drop(columns="prompt_hash"), found.drop(columns="prompt_hash")
    )
    code, text, _ = run(
        "reversal", tmp_path / "videos.csv", "--out", tmp_path / "marks.csv", "--prompts", prompts,
        "--labels", tmp_path / "labels.csv", "--measure", "none",
    )  # fmt: skip
    assert "done: 4 videos: 3 may be reversed, 1 may not, 0 unknown" in text
    marks = pd.read_csv(tmp_path / "marks.csv")
    assert marks["reversibility_origin"].tolist() == ["confirmed", "llm", "confirmed", "confirmed"]


@pytest.mark.parametrize(
    ("possible", "same", "found"),
    [
        (NO, YES, "irreversible"),
        (NO, UNSURE, "irreversible"),
        (YES, YES, "invariant"),
        (YES, NO, "equivariant"),
        (YES, UNSURE, "cannot_tell"),
        (UNSURE, YES, "cannot_tell"),
    ],
)
def test_two_answers_make_a_class(possible: int, same: int, found: str) -> None:
    assert read_answer(possible, same) == found


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ({}, ""),
        ({"irreversible": 0, "cannot_tell": 0}, ""),
        ({"irreversible": 2, "invariant": 1, "cannot_tell": 1}, "irreversible"),
        ({"irreversible": 2, "invariant": 2, "cannot_tell": 1}, "tie"),
        ({"irreversible": 1, "invariant": 0, "cannot_tell": 2}, "cannot_tell"),
        ({"irreversible": 1, "invariant": 0, "cannot_tell": 1}, "tie"),
    ],
)
def test_the_commonest_answer_counts_and_a_tie_decides_nothing(counts: dict[str, int], found: str) -> None:
    assert choose_commonest(counts) == found


def make_ratings(*given: tuple[str, str, float | None, float | None]) -> pd.DataFrame:
    """Make ratings of ``(annotator, action, possible, same)``; None for a statement left out."""
    prompts = make_prompts().drop_duplicates("action").set_index("action")["prompt_id"]
    rows = []
    for annotator, action, *values in given:
        prompt_id = prompts.get(action, "elsewhere")
        for statement, value in zip((POSSIBLE, SAME), values, strict=True):
            if value is not None:
                cells = (f"wan/{prompt_id}/0", prompt_id, "wan", annotator, "rule")
                rows.append((*cells, make_rule_id(statement), value))
    columns = ["video_id", "prompt_id", "generator", "annotator", "task", "rule_id", "rating"]
    return pd.DataFrame(rows, columns=columns)


def test_half_an_answer_and_one_about_no_known_action_are_counted_and_left_out(tmp_path: Path) -> None:
    half = (("Ada", EGG, NO, None), ("Ada", SWING, YES, None), ("Ada", DRAWER, None, NO))
    ratings = make_ratings(*half, ("Ada", "sing", YES, YES))
    found = confirm_labels(make_prompts(), ratings, out=tmp_path / "labels.csv")
    assert (found.n_answers, found.n_actions, found.n_half, found.n_strange) == (1, 1, 2, 1)
    # nothing was proposed, and every action is there all the same
    assert found.rows["action"].tolist() == [DRAWER, SWING, EGG]
    assert found.rows["confirmed"].fillna("").tolist() == ["", "", "irreversible"]
    assert (found.n_both, found.n_overruled) == (0, 0)
    assert found.rows["n_irreversible"].isna().tolist() == [True, True, False]


def test_a_label_written_by_hand_stays_and_one_of_answers_goes_with_them(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    out.write_text(
        "action,proposed,confirmed,remark\n"
        f"{EGG},irreversible,invariant,an egg of rubber\n{SWING},invariant,,\nsing,,irreversible,\n"
    )
    first = make_ratings(("Ada", EGG, *IRREVERSIBLE), ("Ada", SWING, *EQUIVARIANT))
    found = confirm_labels(make_prompts(), first, out=out)
    assert found.by_hand == {EGG: "irreversible"}
    rows = found.rows.set_index("action")
    assert rows.loc[EGG, ["confirmed", "remark"]].tolist() == ["invariant", "an egg of rubber"]
    assert rows.loc[[SWING, "sing"], "confirmed"].tolist() == ["equivariant", "irreversible"]
    second = pd.concat([first, make_ratings(("Ben", EGG, *IRREVERSIBLE), ("Ben", SWING, *INVARIANT))])
    found = confirm_labels(make_prompts(), second, out=out)
    assert found.undecided == {SWING: "tie"}
    assert found.rows.set_index("action")["confirmed"].fillna("").to_dict() == {
        DRAWER: "", EGG: "invariant", SWING: "", "sing": "irreversible",
    }  # fmt: skip
    # who settles a tie by hand is heard
    settled = write_by_hand(out, SWING, "irreversible")
    assert confirm_labels(make_prompts(), second, out=settled).by_hand == {EGG: "irreversible", SWING: "tie"}


def write_by_hand(path: Path, action: str, label: str) -> Path:
    """Write a label into a file by hand."""
    rows = pd.read_csv(path, dtype=object)
    rows.loc[rows["action"].eq(action), "confirmed"] = label
    rows.to_csv(path, index=False)
    return path


def test_a_plain_list_of_labels_becomes_proposed_and_confirmed(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    out.write_text(f"action,label,origin\n{EGG},symmetric,llm\n{SWING},reversible,\n")
    rows = confirm_labels(make_prompts(), make_ratings(("Ada", EGG, *IRREVERSIBLE)), out=out).rows
    rows = rows.set_index("action")
    assert rows.loc[EGG, ["proposed", "confirmed"]].tolist() == ["invariant", "irreversible"]
    assert rows.loc[SWING, "confirmed"] == "equivariant"
    assert "label" not in rows.columns


def test_questions_are_two_statements_about_every_prompt_with_an_action(tmp_path: Path) -> None:
    prompts = make_prompts()
    prompts.loc[3, "action"] = None
    rules = make_questions(prompts)
    assert len(rules) == 6
    assert set(rules["rule"]) == {POSSIBLE, SAME}
    assert set(rules["prompt_id"]) == set(prompts["prompt_id"][:3])
    prompts.to_csv(tmp_path / "prompts.csv", index=False)
    assert run("reversal-labels", tmp_path / "prompts.csv", "--questions", tmp_path / "q.csv")[0] == 0
    pd.testing.assert_frame_equal(read_table(tmp_path / "q.csv", "rules"), rules)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--out is missing. Remedy: give --out labels.csv, or --questions questions.csv"),
        (("--questions", "q.csv", "--out", "l.csv"), "--questions is a step of its own"),
        (("--questions", "l.csv", "--dry-run"), "--dry-run is for what a model would cost"),
        (
            ("--out", "l.csv", "--ratings", "other.csv"),
            "none of the 1 ratings answers 'Played backwards, this",
        ),
        (("--out", "l.csv", "--ratings", "absent.csv"), "absent.csv"),
    ],
)
def test_a_wrong_command_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make_prompts().to_csv("prompts.csv", index=False)
    make_ratings(("Ada", EGG, 1, None)).assign(rule_id="other").to_csv("other.csv", index=False)
    code, _, err = run("reversal-labels", "prompts.csv", *words)
    assert code == 2
    assert message in err
    assert not Path("l.csv").exists()


def test_ratings_without_names_of_annotators_are_one_persons(tmp_path: Path) -> None:
    ratings = make_ratings(("", EGG, *IRREVERSIBLE)).drop(columns="annotator")
    found = confirm_labels(make_prompts(), ratings, out=tmp_path / "labels.csv")
    assert found.rows.set_index("action").loc[EGG, "confirmed"] == "irreversible"
    with pytest.raises(TableError, match="they have no actions"):
        confirm_labels(make_prompts().drop(columns="action"), ratings, out=tmp_path / "labels.csv")
