"""videophy_lab: find out whether generated video obeys physics, and whether its judges can be trusted.

The names below are bound on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "load_prompts": "videophy_lab.datasets",
    "load_ratings": "videophy_lab.datasets",
    "load_rules": "videophy_lab.datasets",
    "load_scores": "videophy_lab.datasets",
    "load_videos": "videophy_lab.datasets",
    "download_videos": "videophy_lab.datasets",
    "list_datasets": "videophy_lab.datasets",
    "load_generator_labels": "videophy_lab.datasets",
    "load_published": "videophy_lab.datasets",
    "leaderboard": "videophy_lab.study",
    "rank_generators": "videophy_lab.study",
    "compare_generators": "videophy_lab.study",
    "violation_rates": "videophy_lab.study",
    "correlate": "videophy_lab.study",
    "score_sentinels": "videophy_lab.study",
    "assess_equivalence": "videophy_lab.study",
    "agreement": "videophy_lab.study",
    "compare_judges": "videophy_lab.study",
    "calibrate": "videophy_lab.study",
    "annotator_agreement": "videophy_lab.study",
    "aggregate_annotators": "videophy_lab.study",
    "ensemble": "videophy_lab.study",
    "fit_ensemble": "videophy_lab.study",
    "annotate": "videophy_lab.annotation",
    "generate": "videophy_lab.generation",
    "probe": "videophy_lab.probes",
    "score": "videophy_lab.scoring",
    "mark_reversals": "videophy_lab.reversibility",
    "label_reversibility": "videophy_lab.reversibility",
    "show": "videophy_lab.gallery",
    "run_report": "videophy_lab.report",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        from difflib import get_close_matches

        close = get_close_matches(name, _HOME)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise AttributeError(f"videophy_lab has no {name!r}{hint}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
