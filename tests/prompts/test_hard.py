"""The hard subset: which actions, what is tied, and that its reference is not compared on it."""

from __future__ import annotations

import pandas as pd
import pytest

import videophy_lab as lab
from videophy_lab.prompts import HardRule, check_reference, choose_hard, mark_hard
from videophy_lab.study import compare_generators, rank_generators


def make_world(successes: dict[str, list[int]], generator: str = "ref") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make prompts and ratings: a list of joint successes for each action."""
    prompts, ratings = [], []
    for action, labels in successes.items():
        for number, label in enumerate(labels):
            prompt_id = f"{action}{number}"
            prompts.append({"prompt_id": prompt_id, "caption": f"{action} {number}", "action": action})
            named = {"video_id": f"{generator}/{prompt_id}/0", "prompt_id": prompt_id, "generator": generator}
            ratings += [
                named | {"task": "sa", "rating": 4},
                named | {"task": "pc", "rating": 5 if label else 3},
            ]
    return pd.DataFrame(prompts), pd.DataFrame(ratings)


def test_actions_without_a_success_are_hard() -> None:
    prompts, ratings = make_world({"a": [0] * 5, "b": [0, 0, 1, 1], "c": [0, 0], "d": [1] * 4, "e": []})
    extra = pd.DataFrame({"prompt_id": ["e0"], "caption": ["e 0"], "action": ["e"]})
    hard = choose_hard(pd.concat([prompts, extra]), ratings, reference="ref")
    table = hard.actions.set_index("action")
    assert table["is_hard"].to_dict() == {"a": True, "b": False, "c": False, "d": False}
    assert table["joint"].to_dict() == {"a": 0.0, "c": 0.0, "b": 0.5, "d": 1.0}
    # 6 of 15 videos succeed: five without a success would be 0.6 ** 5
    assert table.loc["a", "chance_of_none"] == pytest.approx(0.6**5)
    marked = hard.prompts.set_index("prompt_id")
    assert marked.loc["a0", "is_hard"]
    assert pd.isna(marked.loc["e0", "is_hard"])
    assert marked.loc[["a0", "d0"], "hard_reference"].tolist() == ["ref", "ref"]
    assert pd.isna(marked.loc["e0", "hard_reference"])


def test_what_is_tied_where_the_number_is_reached_is_left_out() -> None:
    prompts, ratings = make_world(
        {"a": [0] * 4, "b": [0] * 3, "c": [0, 0, 0, 1], "d": [0, 0, 0, 1], "e": [1, 1, 1]}
    )
    rule = HardRule(rule="lowest", n_actions=3)
    actions = choose_hard(prompts, ratings, reference="ref", rule=rule).actions.set_index("action")
    assert actions["is_hard"].to_dict() == {"a": True, "b": True, "c": False, "d": False, "e": False}
    assert actions["tied"].to_dict() == {"a": False, "b": False, "c": True, "d": True, "e": False}
    for n_actions, expected in ((1, ["a"]), (2, ["a", "b"]), (4, ["a", "b", "c", "d"])):
        rule = HardRule(rule="lowest", n_actions=n_actions)
        found = choose_hard(prompts, ratings, reference="ref", rule=rule).actions
        assert sorted(found.loc[found["is_hard"], "action"]) == expected
        assert not found["tied"].any()


def test_not_all_actions_are_hard_and_none_that_never_fails() -> None:
    prompts, ratings = make_world({"a": [0] * 4, "b": [0, 1, 1, 1], "c": [1] * 4, "d": [1] * 3, "e": [0]})
    hard = choose_hard(prompts, ratings, reference="ref", rule=HardRule(rule="lowest", n_actions=3))
    assert hard.actions.loc[hard.actions["is_hard"], "action"].tolist() == ["a", "b"]
    assert not hard.actions["tied"].any()
    assert hard.notes == (
        "2 actions and not 3: at the 2 others ref never failed, and what never fails is not hard",
    )
    assert choose_hard(prompts, ratings, reference="ref").notes == ()
    for n_actions in (4, 60):
        rule = HardRule(rule="lowest", n_actions=n_actions)
        with pytest.raises(
            ValueError, match=rf"the {n_actions} actions .* among 4, of which all.* below 4 \("
        ):
            choose_hard(prompts, ratings, reference="ref", rule=rule)
    with pytest.raises(ValueError, match=r"Remedy: give --rule zero, or rate videos of more actions"):
        choose_hard(*make_world({"a": [0] * 4}), reference="ref", rule=HardRule(rule="lowest", n_actions=1))


def test_a_judges_scores_choose_too() -> None:
    prompts, ratings = make_world({"a": [0] * 3, "b": [1] * 3})
    scores = ratings.rename(columns={"rating": "score"}).drop(columns=["generator", "prompt_id"])
    scores = scores.assign(scorer="judge", spec="s", status="ok")
    failed = scores.iloc[[0]].assign(video_id="ref/b9/0", score=None, status="failed")
    hard = choose_hard(prompts, pd.concat([scores, failed]), reference="ref")
    assert hard.actions.set_index("action")["is_hard"].to_dict() == {"a": True, "b": False}
    with pytest.raises(ValueError, match="those of 2 scorers"):
        choose_hard(prompts, pd.concat([scores, scores.assign(scorer="other")]), reference="ref")


def test_the_benchmarks_own_hard_prompts_have_no_success_of_their_reference() -> None:
    ratings = lab.load_ratings("videophy2")
    own = ratings[ratings["generator"].eq("cogvideo")]
    hard = own[own["is_hard"]]
    prompts = own[["prompt_id"]].drop_duplicates()
    prompts = prompts.assign(caption=prompts["prompt_id"], action="hard")
    prompts.loc[~prompts["prompt_id"].isin(hard["prompt_id"]), "action"] = "other"
    table = choose_hard(prompts, ratings, reference="cogvideo").actions.set_index("action")
    assert table.loc["hard", "n_joint"] == 0
    assert table["n_joint"].sum() == 147
    assert table["is_hard"].to_dict() == {"hard": True, "other": False}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "reff"}, "has no rating of sa and pc. There are: ref"),
        ({"prompts": pd.DataFrame({"prompt_id": ["x"], "caption": ["x"]})}, "have no action"),
        (
            {"prompts": pd.DataFrame({"prompt_id": ["x"], "caption": ["x"], "action": ["x"]})},
            "no video of ref",
        ),
        ({"scale": "1-10"}, "Allowed: 1-5, 0/1"),
    ],
)
def test_what_cannot_be_chosen(change: dict, message: str) -> None:
    prompts, ratings = make_world({"a": [0] * 3})
    given = {"prompts": prompts, "reference": "ref", "scale": None} | change
    with pytest.raises(ValueError, match=message):
        choose_hard(given.pop("prompts"), ratings, **given)
    with pytest.raises(ValueError, match="Allowed: zero, lowest"):
        HardRule(rule="worst")
    with pytest.raises(ValueError, match="n_actions is 0"):
        HardRule(n_actions=0)


def make_compared() -> pd.DataFrame:
    """Make ratings of three generators on prompts whose hard ones the first chose."""
    worlds = [
        make_world({"a": [0] * 8, "b": [1, 0] * 4}, "CogVideoX-5B"),
        make_world({"a": [1] * 8, "b": [1] * 8}, "wan"),
        make_world({"a": [1, 0] * 4, "b": [0] * 8}, "sora"),
    ]
    prompts = worlds[0][0]
    ratings = pd.concat([ratings for _, ratings in worlds], ignore_index=True)
    hard = choose_hard(prompts, ratings, reference="CogVideoX-5B")
    return mark_hard(ratings, hard.prompts)


def test_the_reference_is_not_compared_where_it_chose() -> None:
    ratings = make_compared()
    assert ratings.groupby("prompt_id")["is_hard"].first().sum() == 8
    assert check_reference(ratings) == ["CogVideoX-5B"]
    assert check_reference(ratings, exclude=["CogVideoX-5B"]) == []
    with pytest.raises(ValueError, match="cannot be compared on it"):
        check_reference(ratings, on_reference="refuse")
    with pytest.raises(ValueError, match="Allowed: mark, refuse"):
        check_reference(ratings, on_reference="ask")
    assert check_reference(ratings.drop(columns="hard_reference"), on_reference="refuse") == []
    ranks = rank_generators(ratings, slice="hard").set_index("generator")
    assert ranks["rank"].isna().to_dict() == {"wan": False, "sora": False, "CogVideoX-5B": True}
    pairs = compare_generators(ratings, slice="hard")
    tested = pairs[pairs["p_value"].notna()]
    assert tested[["generator_a", "generator_b"]].to_numpy().tolist() == [["sora", "wan"]]
    everywhere = compare_generators(ratings)
    assert everywhere["p_value"].notna().all()


def test_a_reference_of_another_spelling_is_found_or_pointed_at() -> None:
    ratings = make_compared()
    renamed = ratings.assign(generator=ratings["generator"].replace("CogVideoX-5B", "cogvideox_5b"))
    assert check_reference(renamed) == ["cogvideox_5b"]
    shorter = ratings.assign(generator=ratings["generator"].replace("CogVideoX-5B", "cogvideo"))
    with pytest.warns(UserWarning, match="If 'cogvideo' is the same generator"):
        assert check_reference(shorter) == []
    assert check_reference(shorter, exclude="cogvideo") == []
