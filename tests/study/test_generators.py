"""Leaderboards: the published counts, slices, missing rows, ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from tests.study.conftest import make_ratings
from videophy_lab import study

# Successes and videos of the printed leaderboard (videophy2.github.io) where an integer count fits it, and
# Wan's 193 of 591, whose 32.66 % is printed as 32.6.
JOINT_ALL = {
    "wan": (193, 591),
    "cogvideo": (147, 589),
    "cosmos": (141, 585),
    "sora": (14, 60),
    "ray2": (80, 394),
    "hunyuan": (101, 587),
    "videocrafter": (62, 591),
}
JOINT_HARD = {
    "wan": 21.91,
    "cogvideo": 0,
    "cosmos": 10.86,
    "sora": 5.26,
    "ray2": 8.33,
    "hunyuan": 6.18,
    "videocrafter": 2.98,
}
# Leaderboard of VideoPhy-1 recomputed by hand from its public labels, per cent
VIDEOPHY1 = {
    "CogVideoX-5B": 39.7,
    "pika": 19.7,
    "vc2": 18.9,
    "CogVideoX-2B": 18.7,
    "lavie": 15.7,
    "Dream Machine (LumaAI)": 13.6,
    "svd": 11.9,
    "zeroscope": 11.9,
    "gen2": 7.7,
    "opensora": 4.9,
}


def pick_joint(estimates: pd.DataFrame, slice: str, method: str = "wilson") -> pd.DataFrame:
    chosen = estimates["quantity"].eq("joint") & estimates["slice"].eq(slice) & estimates["method"].eq(method)
    return estimates[chosen].set_index("generator")


def test_joint_counts_are_the_published_ones(human: pd.DataFrame) -> None:
    joint = pick_joint(study.leaderboard(human), "all")
    found = {name: (row.n_success, row.n_videos) for name, row in joint.drop("(all)").iterrows()}
    assert found == JOINT_ALL
    assert joint.loc["(all)", "n_videos"] == 3397


def test_joint_on_the_hard_subset(human: pd.DataFrame) -> None:
    joint = pick_joint(study.leaderboard(human), "hard").drop("(all)")
    assert {name: round(100 * value, 2) for name, value in joint["estimate"].items()} == JOINT_HARD


def test_videophy1_leaderboard() -> None:
    import videophy_lab as lab

    joint = pick_joint(study.leaderboard(lab.load_ratings("videophy1"), slices=["all"]), "all").drop("(all)")
    assert {name: round(100 * value, 1) for name, value in joint["estimate"].items()} == VIDEOPHY1


def test_intervals_are_wilsons(human: pd.DataFrame) -> None:
    joint = pick_joint(study.leaderboard(human), "all")
    for name, (successes, n) in JOINT_ALL.items():
        expected = proportion_confint(successes, n, method="wilson")
        np.testing.assert_allclose(joint.loc[name, ["low", "high"]].astype(float), expected, rtol=1e-9)


def test_pooled_rows_widen_for_prompts_that_share_videos(human: pd.DataFrame) -> None:
    estimates = study.leaderboard(human)
    free, clustered = (pick_joint(estimates, "all", m).loc["(all)"] for m in ("wilson", "wilson_cluster"))
    assert clustered["high"] - clustered["low"] > 1.2 * (free["high"] - free["low"])


def test_a_missing_rating_is_counted_and_not_a_failure() -> None:
    ratings = make_ratings(
        {"one": {"p1": (5, 5), "p2": (5, np.nan), "p3": (1, 1)}, "two": {"p1": (2, 4), "p2": (4, 4)}}
    )
    estimates = study.leaderboard(ratings, slices=["all"])
    one = pick_joint(estimates, "all").loc["one"]
    assert (one["estimate"], one["n_videos"], one["n_missing"]) == (0.5, 2, 1)
    mean_sa = estimates[estimates["quantity"].eq("mean_sa") & estimates["generator"].eq("one")].iloc[0]
    assert (mean_sa["n_videos"], mean_sa["n_missing"]) == (3, 0)


def test_slices_by_column_and_law(binary: pd.DataFrame) -> None:
    binary["category"] = np.where(binary["prompt_id"] < "prompt10", "sports", None)
    rules = pd.DataFrame({"video_id": ["alpha/prompt01/0", "beta/prompt01/0"], "law": ["Gravity", None]})
    estimates = study.leaderboard(binary, slices=["category", "law"], rules=rules)
    assert set(estimates["slice"]) == {"category: sports", "law: Gravity"}
    assert pick_joint(estimates, "category: sports").loc["alpha", "n_videos"] == 10
    assert pick_joint(estimates, "law: Gravity").loc["alpha", "n_videos"] == 1


@pytest.mark.parametrize(
    ("slices", "words"), [(["hard"], "is_hard"), (["law"], "rules="), (["colour"], "they have")]
)
def test_an_unknown_slice_says_what_there_is(binary: pd.DataFrame, slices: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        study.leaderboard(binary, slices=slices)


def test_pairs_are_mcnemar_on_shared_prompts(human: pd.DataFrame) -> None:
    pairs = study.compare_generators(human).set_index(["generator_a", "generator_b"])
    videos = study.pivot_ratings(human)
    shared = videos.pivot(index="prompt_id", columns="generator", values="joint")[["cosmos", "ray2"]].dropna()
    table = pd.crosstab(shared["cosmos"], shared["ray2"])
    row = pairs.loc[("cosmos", "ray2")]
    assert row["n_prompts"] == len(shared)
    assert row["p_value"] == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)
    assert len(pairs) == 21


def test_ranks_and_groups_agree_with_the_pairs(human: pd.DataFrame) -> None:
    ranks = study.rank_generators(human).set_index("generator")
    pairs = study.compare_generators(human)
    assert list(ranks["rank"]) == [1, 2, 3, 4, 5, 6, 7]
    for row in pairs.itertuples():
        share = set(ranks.loc[row.generator_a, "group"]) & set(ranks.loc[row.generator_b, "group"])
        assert bool(share) == (row.p_holm > 0.05)


def test_the_generator_that_chose_the_hard_subset_is_not_tested(human: pd.DataFrame) -> None:
    ranks = study.rank_generators(human, slice="hard", exclude=["cogvideo"]).set_index("generator")
    assert np.isnan(ranks.loc["cogvideo", "rank_low"])
    assert ranks.loc["cogvideo", "group"] == ""
    pairs = study.compare_generators(human, slice="hard", exclude=["cogvideo"])
    touched = pairs["generator_a"].eq("cogvideo") | pairs["generator_b"].eq("cogvideo")
    assert pairs.loc[touched, "p_value"].isna().all()
    assert pairs.loc[~touched, "p_holm"].notna().all()
    with pytest.raises(ValueError, match="the generators are"):
        study.rank_generators(human, exclude=["cogvideos"])


def test_several_seeds_of_one_prompt_are_one_prompt(binary: pd.DataFrame) -> None:
    again = binary.assign(video_id=binary["video_id"].str.replace("/0", "/1"))
    ranks = study.rank_generators(pd.concat([binary, again], ignore_index=True)).set_index("generator")
    assert ranks.loc["alpha", "n_videos"] == 80
    assert ranks.loc["alpha", "n_prompts"] == 40
    once = study.rank_generators(binary).set_index("generator")
    # a second identical seed says nothing new: the interval stays, up to the t correction
    width, again_width = (r.loc["alpha", "high"] - r.loc["alpha", "low"] for r in (once, ranks))
    assert again_width == pytest.approx(width, rel=0.05)
    pairs = study.compare_generators(pd.concat([binary, again], ignore_index=True))
    assert (pairs["n_videos"] == 4 * pairs["n_prompts"]).all()
    assert set(pairs["test"]) == {"paired_t"}


def test_annotators_on_01_decide_by_majority() -> None:
    votes = {"one": (1, 1, 0), "two": (1, 0, 0), "three": (1, 1, 1), "four": (0, 0, 0)}
    rows = [
        {
            "video_id": f"g/{p}/0",
            "prompt_id": p,
            "generator": "g",
            "annotator": f"a{i}",
            "task": task,
            "rating": v,
        }
        for p, values in votes.items()
        for i, v in enumerate(values)
        for task in ("sa", "pc")
    ]
    videos = study.pivot_ratings(pd.DataFrame(rows).astype({"rating": float})).set_index("prompt_id")
    assert videos["joint"].to_dict() == {"one": 1, "two": 0, "three": 1, "four": 0}


def test_one_video_under_two_generators_is_an_error(binary: pd.DataFrame) -> None:
    binary.loc[0, "generator"] = "beta"
    with pytest.raises(ValueError, match=r"belongs to 'beta'.*'alpha'"):
        study.leaderboard(binary)


def test_a_scale_that_the_ratings_leave_is_an_error(human: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        study.leaderboard(human, scale="0/1")


def test_one_generator_alone_has_no_pairs(binary: pd.DataFrame) -> None:
    alone = binary[binary["generator"].eq("alpha")]
    assert study.compare_generators(alone).empty
    assert list(study.rank_generators(alone)["rank_high"]) == [1]


def test_detectable_differences_grow_as_prompts_shrink(human: pd.DataFrame) -> None:
    table = study.tabulate_detectable_differences(human)
    assert len(table) == 21
    few = table[table["n_prompts"] < 70]["detectable_difference"].min()
    many = table[table["n_prompts"] > 500]["detectable_difference"].max()
    assert few > 2 * many
    assert (table["detectable_difference_holm"] > table["detectable_difference"]).all()


def test_count_videos_counts_every_status(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    counts = study.count_videos(human, autoeval)
    assert counts["n_videos"].sum() == 3397
    assert counts["n_ok"].sum() == 1635
    assert counts["n_ok"].sum() + counts["n_failed"].sum() + counts["n_without_row"].sum() == 3397
