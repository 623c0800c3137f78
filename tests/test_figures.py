"""Figures show what the tables say, name every row, and change nothing for the caller."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from videophy_lab import figures

GENERATORS = ["alpha", "beta", "gamma"]


@pytest.fixture(autouse=True)
def keep_many_figures_open() -> Iterator[None]:
    """Let one test draw every figure; all are closed at its end."""
    with mpl.rc_context({"figure.max_open_warning": 0}):
        yield


def make_rows(**groups: object) -> pd.DataFrame:
    n = max((len(value) for value in groups.values() if isinstance(value, list)), default=3)
    estimate = np.linspace(0.6, 0.2, n)
    table = pd.DataFrame({**groups, "estimate": estimate, "low": estimate - 0.1, "high": estimate + 0.1})
    return table.assign(level=0.9, method="wilson", n_videos=50, n_prompts=40)


@pytest.fixture
def ranks() -> pd.DataFrame:
    return make_rows(generator=GENERATORS, rank_low=[1, 1, 3], rank_high=[2, 2, 3], group=["a", "a", "b"])


def compare(judges: list[str]) -> pd.DataFrame:
    pairs = [(a, b) for i, a in enumerate(judges) for b in judges[i + 1 :]]
    table = pd.DataFrame(pairs, columns=["scorer_a", "scorer_b"]).assign(task="pc", p_holm=0.2)
    return table.assign(estimate=np.linspace(0.3, -0.2, len(pairs)))


def cost(judges: list[str]) -> pd.DataFrame:
    rows = make_rows(scorer=judges).assign(task="pc", dollars=np.nan, unbeaten_dollars=pd.NA)
    return rows.assign(
        median_seconds=np.geomspace(0.05, 20, len(judges)),
        unbeaten_seconds=pd.array([True] * len(judges), dtype="boolean"),
    )


def abstain(scorer: str) -> pd.DataFrame:
    ways = ["predicted disagreement", "chance", "disagreement itself"]
    parts = [make_rows(coverage=[0.5, 0.75, 1.0]).assign(abstain_by=way) for way in ways]
    return pd.concat(parts).assign(scorer=scorer, task="pc", quantity="mean_absolute_disagreement")


def detection(**groups: object) -> pd.DataFrame:
    return make_rows(**{"scorer": ["judge", "coin"], **groups}).assign(n_pairs=20, p_holm=0.04)


def explain(verdict: str) -> pd.DataFrame:
    drop = make_rows(quantity=["drop", "drop_at_equal_quality"], scorer="judge")
    return drop.assign(n_pairs=20, r_squared_held_out=-0.1, verdict=verdict, reason="too few prompts")


def check_judges(verdicts: list[str]) -> pd.DataFrame:
    rows = make_rows(scorer=[f"judge{k}" for k in range(len(verdicts))])
    return rows.assign(check="text overlays", verdict=verdicts)


def draw_all(ranks: pd.DataFrame) -> dict[str, Figure]:
    means = pd.concat([make_rows(generator=GENERATORS, quantity=name) for name in ("mean_sa", "mean_pc")])
    levels = ["none", "generator", "prompt", "both"]
    correlations = pd.concat(
        [
            make_rows(centred_by=levels, scorer=scorer, rating_task=task, quantity="spearman")
            for scorer in ("judge", "sentinel")
            for task in ("sa", "pc")
        ]
    )
    counts = pd.DataFrame({"rating": [0, 0, 1, 1], "score": [0, 1, 0, 1], "n_videos": [5, 6, 7, 8]})
    decision = [
        f"joint_{name}" for name in ("accuracy", "majority_accuracy", "balanced_accuracy", "f1", "phi")
    ]
    labelling = pd.DataFrame({"size": [10, 20] * 2, "method": ["human_only"] * 2 + ["post_stratified"] * 2})
    labelling = labelling.assign(width=0.3, coverage=0.95, pairs_right=0.8)
    scored = pd.DataFrame({"generator": GENERATORS, "score": [2.0, 3.0, np.nan]}).assign(
        scorer="judge", task="pc"
    )
    expected = pd.DataFrame({"score": [2.0, 3.0], "n_questions": [4, 5], "mean_expected": [2.2, 2.9]})
    expected = expected.assign(scorer="judge", task="pc", sd_expected=0.3)
    strips = [np.zeros((n, 4, 6, 3), np.uint8) for n in (1, 3)]
    metrics = correlations.assign(margin=0.3, verdict="non-zero", p_holm=0.01)
    seen = detection(law="solidity")
    curves = detection(severity=[0.25, 0.5, 1.0], violation="ghost", scorer="judge")
    return {
        "plot_leaderboard": figures.plot_leaderboard(ranks, hard=ranks, labels={"alpha": "Alpha-5B"}),
        "plot_means": figures.plot_means(means, order=GENERATORS),
        "plot_laws": figures.plot_laws(make_rows(law=GENERATORS, n_rules=[9, 8, 7]), printed={"beta": 30}),
        "plot_two_benchmarks": figures.plot_two_benchmarks(ranks, ranks[:2], titles=("One", "Two")),
        "plot_levels": figures.plot_levels(correlations, method="spearman"),
        "plot_confusion": figures.plot_confusion(counts.assign(scorer="judge", task="pc")),
        "plot_calibration": figures.plot_calibration(
            make_rows(scorer="judge", rating_task="pc", score=[2, 3, 4]), success=4
        ),
        "plot_joint_decision": figures.plot_joint_decision(make_rows(quantity=decision, scorer="judge")),
        "plot_detection_curves": figures.plot_detection_curves(curves),
        "plot_detection_map": figures.plot_detection_map(seen),
        "plot_explained": figures.plot_explained(explain("kept")),
        "plot_checks": figures.plot_checks(check_judges(["fault", "open", "passed"])),
        "plot_probe_severity": figures.plot_probe_severity(
            make_rows(scorer="judge", edit="blur", severity=[0.25, 0.5, 1.0])
        ),
        "plot_reversal": figures.plot_reversal(
            make_rows(scorer=GENERATORS, **{"class": "irreversible"}).assign(quantity="paired_auc", n_pairs=9)
        ),
        "plot_shifts": figures.plot_shifts(
            make_rows(scorer="judge", probe=["freeze", "mirror", "blur-050"]),
            expect={"mirror": "stays", "freeze": "falls"},
            margin=0.2,
        ),
        "plot_distributions": figures.plot_distributions(scored),
        "plot_expected": figures.plot_expected(expected),
        "plot_contact_sheet": figures.plot_contact_sheet(strips, ["lowest: 1", "highest: 5"]),
        "plot_metric_levels": figures.plot_metric_levels(metrics, method="spearman", margin=0.3),
        "plot_metric_forest": figures.plot_metric_forest(
            metrics[metrics["centred_by"].eq("none")], method="spearman"
        ),
        "plot_judges": figures.plot_judges(correlations, method="spearman", sentinels=correlations),
        "plot_measures": figures.plot_measures(
            make_rows(quantity=decision, scorer="judge", rating_task="joint")
        ),
        "plot_differences": figures.plot_differences(compare(GENERATORS)),
        "plot_costs": figures.plot_costs(cost(GENERATORS), task="pc", method="spearman"),
        "plot_abstention": figures.plot_abstention(abstain("ensemble mean")),
        "plot_labelling": figures.plot_labelling(labelling, labelling[:2]),
        "plot_annotators": figures.plot_annotators(
            pd.DataFrame({"annotator": ["ana", "ben"], "task": "pc", "shift": [0.1, -0.4]}).assign(
                rater_rest_correlation=[0.6, 0.1]
            ),
            threshold=0.3,
        ),
        "plot_qualification": figures.plot_qualification(
            make_rows(annotator=["ana", "ben", "eve"], qualified=[True, True, False]), needed=0.8
        ),
        "plot_learning": figures.plot_learning(
            pd.DataFrame(
                {"step": [1, 2, 2], "split": ["train", "train", "stop"], "task": [None, None, "pc"]}
            ).assign(loss=[2.0, 1.5, 1.6], exact=[np.nan, np.nan, 0.4]),
            chosen_step=2,
        ),
        "plot_held_out": figures.plot_held_out(
            make_rows(
                scorer=["trained", "base", "constant"], split="val_prompts", task="pc", quantity="spearman"
            ),
            quantity="spearman",
        ),
        "plot_token_lengths": figures.plot_token_lengths(
            pd.DataFrame({"caption_tokens": [12, 30], "upsampled_tokens": [90, 120]}).assign(
                tokens_method="clip"
            )
        ),
    }


def read_texts(figure: Figure) -> set[str]:
    figure.canvas.draw()
    return {text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()}


def test_every_figure_draws_at_print_width(ranks: pd.DataFrame) -> None:
    drawn = draw_all(ranks)
    public = {
        name for name, thing in inspect.getmembers(figures, inspect.isfunction) if name.startswith("plot_")
    }
    assert set(drawn) == public
    for name, figure in drawn.items():
        assert figure.get_figwidth() <= 7.01, name
        assert len(read_texts(figure)) > (1 if name == "plot_contact_sheet" else 3), name


def test_a_distribution_says_how_many_scores_are_missing(ranks: pd.DataFrame) -> None:
    texts = read_texts(draw_all(ranks)["plot_distributions"])
    assert "judge, PC\nn = 2, 1 without" in texts
    assert set(GENERATORS) - {"gamma"} <= texts


def test_the_leaderboard_names_generators_values_and_ranks(ranks: pd.DataFrame) -> None:
    texts = read_texts(figures.plot_leaderboard(ranks, labels={"alpha": "Alpha-5B"}))
    assert {"Alpha-5B  (n = 50)", "60.0", "40.0", "20.0", "rank 1–2  a", "rank 3  b"} <= texts
    assert any("90 % interval" in text for text in texts)


def test_a_metric_says_its_better_end_and_its_verdict() -> None:
    rows = make_rows(
        scorer=["blur", "tempo", "still"],
        verdict=["non-zero", "equivalent", "inconclusive"],
        p_holm=[0.01, 0.5, np.nan],
    )
    rows = rows.assign(rating_task="pc", centred_by="prompt", quantity="pearson", margin=0.25)
    rows.loc[2, ["estimate", "low", "high"]] = np.nan
    better = {"blur": "lower", "tempo": "neither", "still": "higher"}
    forest = figures.plot_metric_forest(rows, method="pearson", better=better, labels={"still": "Stillness"})
    texts = read_texts(forest)
    assert {"blur\n(lower is better)  (n = 50)", "tempo\n(neither end is better)  (n = 50)"} <= texts
    assert {"Stillness  (n = 50)", "non-zero *", "equivalent", "undefined: does not vary"} <= texts
    assert {
        "± 0.25: counts as none",
        "Pearson r with the human rating, within prompts, 90 % interval",
    } <= texts
    levels = figures.plot_metric_levels(
        rows, method="pearson", margin=0.25, order=["still", "blur"], rater="X"
    )
    assert [ax.get_title(loc="left") for ax in levels.axes] == ["still\nn = 50", "blur\nn = 50"]
    assert {"undefined:\ndoes not vary", "within prompts"} <= read_texts(levels)


def test_a_wide_interval_between_generators_is_cut_and_marked() -> None:
    rows = make_rows(centred_by=["none", "generator_means"], scorer="m", rating_task="pc", quantity="pearson")
    rows.loc[1, ["estimate", "low", "high"]] = [0.1, -0.9, 0.95]
    figure = figures.plot_metric_levels(rows, method="pearson", margin=0.3)
    (ax,) = figure.axes
    limit = ax.get_xlim()[1]
    # the pooled interval ends at 0.7; what is cut carries an arrowhead at the axis' end
    assert limit == pytest.approx(1.05 * 0.7)
    ends = {line.get_marker(): float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() in "<>"}
    assert ends == {"<": -limit, ">": limit}


def test_judges_of_one_task_stand_above_the_sentinels() -> None:
    rows = pd.concat(
        make_rows(scorer=["one", "a_judge_with_a_very_long_name_indeed"]).assign(centred_by=level)
        for level in ("none", "prompt")
    ).assign(rating_task="pc", quantity="spearman")
    sentinel = make_rows(scorer=["see nothing"]).assign(
        centred_by="none", rating_task="pc", quantity="spearman"
    )
    figure = figures.plot_judges(rows, method="spearman", sentinels=sentinel, order=list(rows["scorer"][:2]))
    (ax,) = figure.axes
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names == ["one", "a judge with a very long name\nindeed", "see nothing"]
    assert {"Physical commonsense", "pooled", "within prompts", "0.60", "0.20"} <= read_texts(figure)


def test_differences_are_the_rows_judge_minus_the_columns() -> None:
    table = compare(GENERATORS)
    table.loc[0, "p_holm"] = 0.01
    texts = read_texts(figures.plot_differences(table, order=["gamma", "alpha", "beta"]))
    # alpha minus beta is .3 and significant, and so is beta minus alpha
    assert {"+0.30*", "−0.30*", "+0.05", "−0.05", "−0.20", "+0.20"} <= texts
    figure = figures.plot_differences(pd.concat([table, table.assign(task="sa")]))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Semantic adherence", "Physical commonsense"]


def test_costs_name_every_point_and_skip_what_is_unknown() -> None:
    rows = cost(["one", "two", "free"])
    rows.loc[0, "dollars"], rows.loc[0, "unbeaten_dollars"] = 0.002, True
    rows.loc[2, "median_seconds"], rows.loc[2, "unbeaten_seconds"] = np.nan, pd.NA
    figure = figures.plot_costs(rows, task="pc", method="pearson", labels={"two": "Number Two"})
    seconds, dollars = figure.axes
    assert {text.get_text() for text in seconds.texts} == {"one", "Number Two"}
    assert {text.get_text() for text in dollars.texts} == {"one"}
    assert (seconds.get_xscale(), seconds.get_xlim()) == ("log", (0.01, 10.0))
    assert dollars.get_xlabel() == "US dollars a question"


def test_a_wider_spread_in_the_second_task_is_not_cut() -> None:
    small = abstain("judge").assign(task="sa")
    large = small.assign(
        task="pc", estimate=5 * small["estimate"], low=5 * small["low"], high=5 * small["high"]
    )
    figure = figures.plot_abstention(pd.concat([small, large]))
    low, high = figure.axes[1].get_ylim()
    assert low == 0
    assert high > large["high"].max()


def test_a_map_has_a_star_where_chance_is_left_out_and_two_after_holm() -> None:
    rows = detection(law=["mass", "solidity", "none"], scorer="judge").assign(
        estimate=[0.9, 0.7, np.nan],
        low=[0.8, 0.6, np.nan],
        high=[1, 0.8, np.nan],
        p_holm=[0.04, 0.06, np.nan],
    )
    controls = detection(violation=["blurred_much"], scorer="judge").assign(low=0.4)
    figure = figures.plot_detection_map(
        rows, controls=controls, labels={"mass": "Mass", "judge": "The Judge"}
    )
    texts = read_texts(figure)
    assert {"0.90**\nn = 20", "0.70*\nn = 20", "–\nn = 20", "0.60\nn = 20"} <= texts
    assert {"Mass", "The Judge", "blurred much", "controls: nothing is wrong"} <= texts
    below = detection(law=["mass"], scorer="judge").assign(estimate=0.1, low=0, high=0.2)
    assert "0.10**\nn = 20" in read_texts(figures.plot_detection_map(below))


def test_a_curve_is_filled_from_its_threshold_on() -> None:
    rows = pd.concat(
        detection(severity=[0.25, 0.5, 1.0], violation=name, scorer="judge") for name in ("ghost", "jump")
    )
    limits = pd.DataFrame({"scorer": "judge", "violation": ["ghost", "jump"], "threshold": [0.5, np.nan]})
    first, second = figures.plot_detection_curves(rows, thresholds=limits).axes
    filled = [
        line for line in first.lines if line.get_markerfacecolor() != "white" and line.get_marker() == "o"
    ]
    assert [line.get_xdata().tolist() for line in filled] == [[0.5, 1.0]]
    assert not [
        line for line in second.lines if line.get_marker() == "o" and line.get_markerfacecolor() != "white"
    ]
    assert first.get_title(loc="left") == "ghost\nn = 20 pairs, 40 prompts"


def test_what_cannot_be_explained_says_why() -> None:
    rows = explain("undefined")
    assert "undefined; quality explains 0 %" in read_texts(figures.plot_explained(rows))
    rows.loc[1, ["estimate", "low", "high"]] = np.nan
    assert {"too few prompts", "judge  (n = 20)"} <= read_texts(figures.plot_explained(rows))


def test_numbers_have_a_true_minus_sign_and_names_no_formula() -> None:
    rows = make_rows(scorer=["one", "two"]).assign(centred_by="none", rating_task="pc", quantity="spearman")
    rows.loc[0, ["estimate", "low", "high"]] = [-0.004, -0.2, 0.2]
    rows.loc[1, ["estimate", "low", "high"]] = [-0.25, -0.4, -0.1]
    labels = {"one": r"$5 or $\nothing_2"}
    texts = read_texts(figures.plot_judges(rows, method="spearman", labels=labels))
    assert {"0.00", "−0.25", r"\$5 or \$\nothing_2"} <= texts


def test_of_many_judges_the_matrix_has_stars_only() -> None:
    names = [f"judge {k}" for k in range(17)]
    table = compare(names)
    table.loc[0, "p_holm"] = 0.01
    texts = read_texts(figures.plot_differences(table))
    assert {"*", "difference in correlation"} <= texts
    assert not any("+0." in text for text in texts)


def test_measures_leave_out_what_no_judge_has() -> None:
    rows = make_rows(quantity=["joint_f1", "joint_accuracy", "joint_majority_accuracy"], scorer="judge")
    figure = figures.plot_measures(rows.assign(rating_task="joint"))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["joint\naccuracy", "joint\nF1"]


def test_an_untested_generator_is_shown_without_rank(ranks: pd.DataFrame) -> None:
    ranks.loc[0, ["rank_low", "rank_high"]] = np.nan
    assert "rank not tested" in read_texts(figures.plot_leaderboard(ranks))


def test_an_undefined_interval_leaves_the_point(ranks: pd.DataFrame) -> None:
    ranks.loc[1, ["low", "high"]] = np.nan
    assert "40.0" in read_texts(figures.plot_leaderboard(ranks))


def test_one_generator_alone_can_be_drawn(ranks: pd.DataFrame) -> None:
    assert "60.0" in read_texts(figures.plot_leaderboard(ranks[:1]))


def test_the_callers_style_is_untouched(ranks: pd.DataFrame) -> None:
    before = dict(mpl.rcParams)
    draw_all(ranks)
    assert dict(mpl.rcParams) == before


def test_two_drawings_are_byte_equal(ranks: pd.DataFrame, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from videophy_lab.outputs import Outputs

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    for folder in ("one", "two"):
        Outputs(tmp_path / folder, notebook="n").figure(
            figures.plot_leaderboard(ranks), "joint", caption="Joint."
        )
    for ending in ("png", "pdf"):
        first, second = (
            (tmp_path / f / "figures" / f"n_joint.{ending}").read_bytes() for f in ("one", "two")
        )
        assert first == second


def test_shifts_stand_by_what_is_expected_of_them(ranks: pd.DataFrame) -> None:
    texts = read_texts(draw_all(ranks)["plot_shifts"])
    assert {"must not matter", "must lower the score", "free", "freeze", "mirror", "blur, 0.5"} <= texts


def test_the_map_of_checks_has_a_mark_and_a_number_for_every_verdict() -> None:
    texts = read_texts(figures.plot_checks(check_judges(["fault", "open", "refused", "passed"])))
    assert {"✗ 0.60", "? 0.47", "– 0.33", "✓ 0.20"} <= texts
    assert {"✗ fault", "? open", "– refused", "✓ passed", "text overlays", "judge3"} <= texts


def test_reversal_by_class_counts_its_videos() -> None:
    classes = pd.concat(
        [
            make_rows(scorer=GENERATORS, **{"class": name}).assign(quantity="paired_auc", n_pairs=[7, 9, 9])
            for name in ("irreversible", "reversible")
        ]
    )
    texts = read_texts(figures.plot_reversal(classes, labels={"alpha": "Alpha"}))
    assert {"irreversible (n = 7–9 videos)", "reversible (n = 7–9 videos)", "Alpha"} <= texts
