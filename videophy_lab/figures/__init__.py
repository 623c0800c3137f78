"""Paper figures, one function each: a table of estimates in, a matplotlib figure out; nothing is computed.

Sizes are inches at print size: ``COLUMN`` fits one column of a two-column paper, ``PAGE`` its whole width.
Every function takes ``labels``, a mapping from the table's names to the names that readers know.
"""

from videophy_lab.figures.annotators import plot_annotators, plot_qualification
from videophy_lab.figures.costs import plot_abstention, plot_costs
from videophy_lab.figures.detection import plot_detection_curves, plot_detection_map, plot_explained
from videophy_lab.figures.judges import (
    plot_calibration,
    plot_confusion,
    plot_joint_decision,
    plot_labelling,
    plot_levels,
)
from videophy_lab.figures.judges_compared import plot_differences, plot_judges, plot_measures
from videophy_lab.figures.leaderboard import plot_laws, plot_leaderboard, plot_means, plot_two_benchmarks
from videophy_lab.figures.probes import plot_checks, plot_probe_severity, plot_reversal, plot_shifts
from videophy_lab.figures.prompts import plot_token_lengths
from videophy_lab.figures.quality import plot_metric_forest, plot_metric_levels
from videophy_lab.figures.scoring import plot_contact_sheet, plot_distributions, plot_expected
from videophy_lab.figures.training import plot_held_out, plot_learning

__all__ = [
    "plot_abstention",
    "plot_annotators",
    "plot_calibration",
    "plot_checks",
    "plot_confusion",
    "plot_contact_sheet",
    "plot_costs",
    "plot_detection_curves",
    "plot_detection_map",
    "plot_differences",
    "plot_distributions",
    "plot_expected",
    "plot_explained",
    "plot_held_out",
    "plot_joint_decision",
    "plot_judges",
    "plot_labelling",
    "plot_laws",
    "plot_leaderboard",
    "plot_learning",
    "plot_levels",
    "plot_means",
    "plot_measures",
    "plot_metric_forest",
    "plot_metric_levels",
    "plot_probe_severity",
    "plot_qualification",
    "plot_reversal",
    "plot_shifts",
    "plot_token_lengths",
    "plot_two_benchmarks",
]
