"""Studies on tables: ratings and scores in, tables of estimates out. The only bridge to the statistics."""

from videophy_lab.study.abstention import tabulate_abstention
from videophy_lab.study.adjudication import count_preferences, list_disagreements
from videophy_lab.study.annotating import (
    describe_annotators,
    flag_annotators,
    join_estimates,
    keep_annotators,
    qualify_annotators,
    rule_agreement,
)
from videophy_lab.study.annotators import (
    aggregate_annotators,
    annotator_agreement,
    compare_aggregations,
    screen_annotators,
)
from videophy_lab.study.calibrated import calibrate, keep_one_seed, sample_ratings
from videophy_lab.study.comparison import compare_judges
from videophy_lab.study.correlation import (
    assess_equivalence,
    correct_correlations,
    correlate,
    correlate_tasks,
    keep_common_videos,
)
from videophy_lab.study.costs import (
    estimate_unscored,
    keep_judges,
    keep_rated_by_all,
    price_scorers,
    weigh_costs,
)
from videophy_lab.study.detection import arrange_clips, detect, estimate_trends, list_pairs
from videophy_lab.study.ensembles import ensemble
from videophy_lab.study.explained import explain_detection, list_quality_metrics
from videophy_lab.study.faults import Limits, name_faults
from videophy_lab.study.fitted import Ensemble, fit_ensemble
from videophy_lab.study.gains import compare_with_members, count_swaps, list_shared_tasks
from videophy_lab.study.generators import (
    compare_generators,
    leaderboard,
    rank_generators,
    tabulate_detectable_differences,
)
from videophy_lab.study.joint import join_joint, list_judges
from videophy_lab.study.judges import (
    agreement,
    calibration,
    tabulate_confusion,
)
from videophy_lab.study.labelling import simulate_labelling, simulate_ranking, tabulate_required_labels
from videophy_lab.study.laws import violation_rates
from videophy_lab.study.made import (
    choose_examples,
    count_made,
    describe_made,
    tabulate_failures,
    tabulate_making,
)
from videophy_lab.study.pairing import (
    count_twins,
    estimate_unscored_pairs,
    keep_scorers,
    list_judges_of_pairs,
    pair_right_and_wrong,
)
from videophy_lab.study.pay import estimate_pay
from videophy_lab.study.probe_answers import (
    estimate_retest,
    estimate_scale_use,
    keep_controls,
    list_reversals,
    name_answers,
)
from videophy_lab.study.probe_card import make_card
from videophy_lab.study.probe_controls import count_probes, split_probe
from videophy_lab.study.probe_gaps import say_strays
from videophy_lab.study.probe_plan import plan_reversal
from videophy_lab.study.probe_shifts import (
    estimate_orders,
    estimate_reversal,
    estimate_severity_trends,
    estimate_shifts,
    estimate_unscored_probes,
    expect_shifts,
)
from videophy_lab.study.probe_words import list_compared, say_accused, say_noise, say_reversal, say_unit
from videophy_lab.study.probed import Probed, prepare_probes
from videophy_lab.study.probes import choose_scales, keep_answers, pair_with_null
from videophy_lab.study.prompts import (
    agree_reviewers,
    count_steps,
    describe_lengths,
    estimate_hard,
    tabulate_decisions,
    tabulate_refusals,
)
from videophy_lab.study.published import compare_published
from videophy_lab.study.quality import (
    compare_quality,
    describe_metrics,
    judge_metrics,
    keep_metrics,
    take_judge_as_ratings,
)
from videophy_lab.study.scoring import (
    compare_expected,
    count_scores,
    estimate_scores,
    join_videos,
    keep_video_scores,
    list_extremes,
    tabulate_costs,
    tabulate_reasons,
)
from videophy_lab.study.sentinels import correlate_sentinels, score_sentinels
from videophy_lab.study.tables import choose_scale, count_videos, name_scores, pivot_ratings
from videophy_lab.study.trained import agree_on_splits, answer_blindly, tabulate_answers
from videophy_lab.study.words import (
    choose_name,
    join_words,
    say_count,
    say_inside,
    say_number,
    say_probe,
    say_range,
    say_rate,
    say_sources,
    say_with_n,
)

__all__ = [
    "Ensemble",
    "Limits",
    "Probed",
    "aggregate_annotators",
    "agree_on_splits",
    "agree_reviewers",
    "agreement",
    "annotator_agreement",
    "answer_blindly",
    "arrange_clips",
    "assess_equivalence",
    "calibrate",
    "calibration",
    "choose_examples",
    "choose_name",
    "choose_scale",
    "choose_scales",
    "compare_aggregations",
    "compare_expected",
    "compare_generators",
    "compare_judges",
    "compare_published",
    "compare_quality",
    "compare_with_members",
    "correct_correlations",
    "correlate",
    "correlate_sentinels",
    "correlate_tasks",
    "count_made",
    "count_preferences",
    "count_probes",
    "count_scores",
    "count_steps",
    "count_swaps",
    "count_twins",
    "count_videos",
    "describe_annotators",
    "describe_lengths",
    "describe_made",
    "describe_metrics",
    "detect",
    "ensemble",
    "estimate_hard",
    "estimate_orders",
    "estimate_pay",
    "estimate_retest",
    "estimate_reversal",
    "estimate_scale_use",
    "estimate_scores",
    "estimate_severity_trends",
    "estimate_shifts",
    "estimate_trends",
    "estimate_unscored",
    "estimate_unscored_pairs",
    "estimate_unscored_probes",
    "expect_shifts",
    "explain_detection",
    "fit_ensemble",
    "flag_annotators",
    "join_estimates",
    "join_joint",
    "join_videos",
    "join_words",
    "judge_metrics",
    "keep_annotators",
    "keep_answers",
    "keep_common_videos",
    "keep_controls",
    "keep_judges",
    "keep_metrics",
    "keep_one_seed",
    "keep_rated_by_all",
    "keep_scorers",
    "keep_video_scores",
    "leaderboard",
    "list_compared",
    "list_disagreements",
    "list_extremes",
    "list_judges",
    "list_judges_of_pairs",
    "list_pairs",
    "list_quality_metrics",
    "list_reversals",
    "list_shared_tasks",
    "make_card",
    "name_answers",
    "name_faults",
    "name_scores",
    "pair_right_and_wrong",
    "pair_with_null",
    "pivot_ratings",
    "plan_reversal",
    "prepare_probes",
    "price_scorers",
    "qualify_annotators",
    "rank_generators",
    "rule_agreement",
    "sample_ratings",
    "say_accused",
    "say_count",
    "say_inside",
    "say_noise",
    "say_number",
    "say_probe",
    "say_range",
    "say_rate",
    "say_reversal",
    "say_sources",
    "say_strays",
    "say_unit",
    "say_with_n",
    "score_sentinels",
    "screen_annotators",
    "simulate_labelling",
    "simulate_ranking",
    "split_probe",
    "tabulate_abstention",
    "tabulate_answers",
    "tabulate_confusion",
    "tabulate_costs",
    "tabulate_decisions",
    "tabulate_detectable_differences",
    "tabulate_failures",
    "tabulate_making",
    "tabulate_reasons",
    "tabulate_refusals",
    "tabulate_required_labels",
    "take_judge_as_ratings",
    "violation_rates",
    "weigh_costs",
]
