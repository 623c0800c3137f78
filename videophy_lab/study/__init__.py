"""Studies on tables: ratings and scores in, tables of estimates out. The only bridge to the statistics."""

from videophy_lab.study.agreement import (
    agreement,
    calibration,
    compare_judges,
    join_joint,
    resolve_collisions,
    tabulate_confusion,
)
from videophy_lab.study.annotators import (
    aggregate_annotators,
    annotator_agreement,
    compare_aggregations,
    screen_annotators,
)
from videophy_lab.study.calibrate import calibrate, simulate_labelling, tabulate_required_labels
from videophy_lab.study.correlation import assess_equivalence, correlate, keep_common_videos, score_sentinels
from videophy_lab.study.laws import violation_rates
from videophy_lab.study.leaderboard import (
    compare_generators,
    leaderboard,
    rank_generators,
    tabulate_detectable_differences,
)
from videophy_lab.study.published import compare_published, count_verdicts
from videophy_lab.study.tables import count_videos, pivot_ratings

__all__ = [
    "aggregate_annotators",
    "agreement",
    "annotator_agreement",
    "assess_equivalence",
    "calibrate",
    "calibration",
    "compare_aggregations",
    "compare_generators",
    "compare_judges",
    "compare_published",
    "correlate",
    "count_verdicts",
    "count_videos",
    "join_joint",
    "keep_common_videos",
    "leaderboard",
    "pivot_ratings",
    "rank_generators",
    "resolve_collisions",
    "score_sentinels",
    "screen_annotators",
    "simulate_labelling",
    "tabulate_confusion",
    "tabulate_detectable_differences",
    "tabulate_required_labels",
    "violation_rates",
]
