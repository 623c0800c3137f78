"""Which physical laws the videos break, by the labels people gave to rules."""

from __future__ import annotations

import pandas as pd

from videophy_lab.schema.labels import HUMAN_ADDED, UNDETERMINED, VIOLATED, settle_labels
from videophy_lab.stats.means import cluster_rate_estimate
from videophy_lab.study.tables import make_estimates, make_row

NO_LAW, OTHER_LAWS = "(no law named)", "(other laws)"


def violation_rates(
    rule_ratings: pd.DataFrame,
    rules: pd.DataFrame,
    *,
    by_generator: bool = False,
    min_rules: int = 10,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate, for every law, the share of its rules that the videos violate.

    Parameters
    ----------
    rule_ratings : DataFrame
        Ratings with ``task`` = ``"rule"``, ``rule_id`` and rating 0 violated, 1 followed, 2 cannot be
        determined.
    rules : DataFrame
        A rules table with ``law`` and, where known, ``origin``: ``human_added`` (a violation that annotators
        wrote down: violated by construction); any other, such as ``listed`` or ``model``, is a candidate rule
        that annotators judged.
    by_generator : bool
        One row a law and generator.
    min_rules : int
        Laws with fewer decided rules are pooled as ``(other laws)``.

    Returns
    -------
    DataFrame
        Estimates ``violation_rate`` (over listed and added rules) and ``violation_rate_listed`` (over listed
        rules only), with ``law``, ``n_rules`` (decided), ``n_violated``, ``n_undetermined``. The interval
        takes prompts as the independent units. Rules without a law are in the row ``(no law named)``.
        Ratings that a written violation gave to a candidate rule (see
        :func:`videophy_lab.prompts.join_ratings`) count in both: nothing in a ratings table tells them from
        judgements. To leave them out as well, give the ratings from before they were joined.
    """
    labelled = _join_laws(rule_ratings, rules)
    decided = labelled.loc[labelled["rating"].ne(UNDETERMINED), "law"].value_counts()
    common = {*decided.index[decided >= min_rules], NO_LAW}
    labelled["law"] = labelled["law"].where(labelled["law"].isin(common), OTHER_LAWS)
    keys = ["law", "generator"] if by_generator else ["law"]
    rows = []
    for names, of_law in labelled.groupby(keys):
        groups = dict(zip(keys, map(str, names), strict=True))
        for quantity, kept in (
            ("violation_rate", of_law),
            ("violation_rate_listed", of_law[of_law["origin"].ne(HUMAN_ADDED)]),
        ):
            rows.append(_estimate_rate(kept, quantity, groups, confidence))
    return make_estimates(rows)


def _join_laws(rule_ratings: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    labelled = rule_ratings[rule_ratings["task"].eq("rule")]
    if labelled.empty:
        raise ValueError("no ratings with task 'rule'; load them with load_ratings(..., tasks=('rule',))")
    if labelled.duplicated(["video_id", "rule_id"]).any():
        labelled = _settle_annotators(labelled)
    keys = [key for key in ("video_id", "prompt_id", "rule_id") if key in rules.columns]
    wanted = [*keys, "law", *([] if "origin" in rule_ratings.columns else ["origin"])]
    # annotation writes what people saw of a law into the ratings; the rules table has the last word
    if "law" in rules.columns:
        labelled = labelled.drop(columns="law", errors="ignore")
    joined = labelled.merge(
        rules[[c for c in wanted if c in rules.columns]], on=keys, how="left", validate="m:1"
    )
    if "origin" not in joined.columns:
        joined["origin"] = "listed"
    return joined.assign(law=joined["law"].fillna(NO_LAW).replace("", NO_LAW))


def _settle_annotators(labelled: pd.DataFrame) -> pd.DataFrame:
    """Make one label a rule of several annotators': the commonest, undetermined where two are as common."""
    keys = ["video_id", "rule_id"]
    one = labelled.drop_duplicates(keys).drop(columns=["rating", "annotator"], errors="ignore")
    return one.join(settle_labels(labelled, keys), on=keys)


def _estimate_rate(
    labelled: pd.DataFrame, quantity: str, groups: dict[str, str], confidence: float
) -> dict[str, object]:
    decided = labelled[labelled["rating"].ne(UNDETERMINED)]
    violated = decided["rating"].eq(VIOLATED)
    estimate = cluster_rate_estimate(
        violated.to_numpy(), decided["prompt_id"].to_numpy(dtype=str), level=confidence
    )
    counts = {
        "n_rules": len(decided),
        "n_violated": int(violated.sum()),
        "n_undetermined": len(labelled) - len(decided),
    }
    row = make_row(estimate, quantity, **groups, **counts)
    return row | {"n_videos": decided["video_id"].nunique()}
