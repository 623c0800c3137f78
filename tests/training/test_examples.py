"""From ratings to answers: means and their rounding, rules' commonest label, and what is left out."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.training.planted import RULE, plant
from videophy_lab.training.examples import make_examples, settle_ratings


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("two"), prompts=1, generators=("one", "two"))


def rate(values: list[float], task: str = "sa") -> pd.DataFrame:
    return pd.DataFrame(
        {"video_id": "g/p/0", "prompt_id": "p", "generator": "g", "task": task, "rating": values,
         "annotator": [f"a{n}" for n in range(len(values))]}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "mean", "answer"), [([4, 5], 4.5, 5), ([3, 4], 3.5, 4), ([3, 4, 3], 10 / 3, 3), ([2], 2, 2)]
)
def test_ratings_are_averaged_and_halves_rounded_upwards(values, mean, answer):
    row = settle_ratings(rate(values)).iloc[0]
    assert (row["rating"], row["answer"], row["n_annotators"]) == (pytest.approx(mean), answer, len(values))


@pytest.mark.parametrize(
    ("values", "answer"), [([0, 0, 1], 0), ([1, 1, 2], 1), ([0, 1], 2), ([0, 2, 0, 2], 2), ([1], 1)]
)
def test_rules_take_their_commonest_label(values, answer):
    row = settle_ratings(rate(values, "rule").assign(rule_id="r")).iloc[0]
    assert (row["rating"], row["answer"]) == (answer, answer)


def test_rules_of_several_videos_keep_their_labels_in_any_order():
    parts = [
        rate(values, "rule").assign(video_id=video, rule_id=rule)
        for video, rule, values in (
            ("z", "s", [0, 0, 1]),
            ("a", "r", [1]),
            ("z", "r", [2, 1]),
            ("b", "s", [0]),
        )
    ]
    rows = settle_ratings(pd.concat([*parts, rate([5])], ignore_index=True))
    assert rows["answer"].tolist() == [0, 1, 2, 0, 5]


def test_examples_hold_question_and_answer(tables):
    ratings, videos, rules = tables
    made = make_examples(ratings, videos, rules=rules)
    assert made.left_out.empty
    dark = made.table[made.table["generator"].eq("one")].set_index("task")
    assert dark["answer"].to_dict() == {"sa": 1, "pc": 2, "rule": 1}
    assert dark["text"].to_dict() == {"sa": videos["caption"].iloc[0], "pc": "", "rule": RULE}
    assert dark["n_annotators"].eq(2).all()
    assert dark["sha256"].str.len().eq(64).all()


def test_what_cannot_be_asked_is_left_out_with_its_reason(tables):
    ratings, videos, _ = tables
    absent = videos.iloc[:1].assign(video_id="one/gone/0", path="nowhere.mp4")
    strange = ratings.iloc[:2].assign(video_id="one/other/0")
    more = pd.concat([ratings, strange, ratings.iloc[:2].assign(video_id="one/gone/0")], ignore_index=True)
    silent = videos.assign(caption=None)
    made = make_examples(more, pd.concat([silent, absent]), rules=None)
    assert made.table["task"].tolist() == ["pc", "pc"]
    reasons = made.left_out.groupby("reason").size().to_dict()
    assert reasons == {
        "the video is not in the videos table": 1,
        "there is no file at its path": 1,
        "no caption or rule to ask about": 4,
    }


def test_rules_that_a_review_dropped_are_not_trained_on(tables):
    ratings, videos, rules = tables
    other = rules.iloc[:1].assign(rule_id="other", rule="It stays.")
    reviewed = pd.concat([rules.assign(final="drop"), other.assign(final="keep")], ignore_index=True)
    made = make_examples(ratings, videos, rules=reviewed)
    assert not made.table["task"].eq("rule").any()
    assert made.left_out["task"].eq("rule").all()
    assert len(made.left_out) == len(
        make_examples(ratings, videos, rules=rules).table.query("task == 'rule'")
    )


def test_tables_that_contradict_each_other_are_refused(tables):
    ratings, videos, _ = tables
    with pytest.raises(ValueError, match=r"the generator of the video .* is 'one' in the ratings and 'uno'"):
        make_examples(ratings, videos.assign(generator=videos["generator"].replace("one", "uno")))


@pytest.mark.parametrize(
    ("task", "rating", "message"),
    [
        ("sa", 6, "rating"),
        ("sa", 0, "SA and PC are 0 or 1, and the judges that are trained here answer from 1 to 5"),
        ("rule", 3, "3.0 is not allowed; allowed: 0 violated, 1 followed, 2 cannot"),
        ("rule", 0.5, "0.5 is not allowed"),
    ],
)
def test_ratings_off_the_scale_are_refused(tables, task, rating, message):
    ratings, videos, rules = tables
    wrong = ratings[ratings["task"].eq(task)].assign(rating=float(rating))
    with pytest.raises(ValueError, match=message):
        make_examples(wrong, videos, rules=rules)
