"""Sentences about judges under probes: who shows a fault, and what a reversal showed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from videophy_lab.study.probe_controls import CLASSES, COMPARABLE, OK, UNSCORED
from videophy_lab.study.probes import POINT, find_unit
from videophy_lab.study.words import join_words, say_count, say_number, say_with_n


def list_compared(pairs: pd.DataFrame) -> list[str]:
    """List the scorers that had a pair to compare, whether or not they scored it."""
    return sorted(set(pairs.loc[pairs["pair_status"].isin(COMPARABLE), "scorer"]))


def say_accused(faults: pd.DataFrame, pairs: pd.DataFrame, *, unit: str) -> str:
    """Say how many judges show a fault, and on what was compared.

    Parameters
    ----------
    faults : DataFrame
        From :func:`videophy_lab.study.name_faults`.
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`; those of judges with a score of both videos count.
    unit : str
        What the independent units are: ``prompt``, ``action``.
    """
    if faults.empty:
        return "No judge was asked for SA or PC: metrics have no faults."
    accused = set(faults.loc[faults["verdict"].eq("fault"), "scorer"])
    of_judges = pairs[pairs["scorer"].isin(faults["scorer"])]
    judges = accused | set(list_compared(of_judges))
    used = of_judges[of_judges["pair_status"].eq(OK)]
    nothing = "no edited video could be compared with its control"
    if not judges:
        return f"No fault is shown, and no judge is cleared of one: {nothing}."
    verb = "shows" if 1 in (len(accused), len(judges)) else "show"
    begin = f"{len(accused):,} of {say_count(len(judges), 'judge')} {verb} a fault"
    if used.empty:
        return f"{begin}; {nothing}."
    return (
        f"{begin}, on {say_count(used['video_id'].nunique(), 'video')} of "
        f"{say_count(used['cluster'].nunique(), unit)} under {say_count(used['probe'].nunique(), 'probe')}."
    )


def say_reversal(reversal: pd.DataFrame, pairs: pd.DataFrame, *, scorer: str, name: str) -> str:
    """Say how often one scorer prefers the forward version, by class, and what that shows.

    Parameters
    ----------
    reversal : DataFrame
        From :func:`videophy_lab.study.estimate_reversal`.
    pairs : DataFrame
        What it was estimated from.
    scorer, name : str
        As in the tables, and as readers know it.
    """
    own = reversal[reversal["scorer"].eq(scorer)].dropna(subset=["estimate"]).set_index("class")
    if own.empty:
        turned = pairs[pairs["scorer"].eq(scorer) & pairs["probe"].eq("reverse")]
        if turned["pair_status"].isin(UNSCORED).any() or turned.empty:
            return f"{name} scored no video both forwards and reversed."
        return f"{name}: no reversed video can be compared with its forward version."
    rows = {str(word): name_cells(row) for word, row in own.iterrows()}
    known = zip(CLASSES, ("irreversible", "reversible", "unlabelled"), strict=True)
    parts = [
        f"{say_number(rows[word])} of {say_count(int(rows[word]['n_pairs']), f'{said} video')}"
        for word, said in known
        if word in rows
    ]
    return f"{name} prefers the forward version in {join_words(parts)}: {judge_reversal(own)}."


def name_cells(row: pd.Series) -> dict[str, Any]:
    """Give the cells of a row by their columns."""
    return {str(name): cell for name, cell in row.items()}


def judge_reversal(own: pd.DataFrame) -> str:
    """Judge what the preferences of one scorer show.

    Parameters
    ----------
    own : DataFrame
        Rows of :func:`videophy_lab.study.estimate_reversal` of one scorer, by ``class``.

    Notes
    -----
    That irreversible videos are preferred forwards shows a sense of time only if reversible ones are
    preferred less: a scorer may dislike reversal as such.
    """
    if CLASSES[0] not in own.index:
        return "no video is labelled irreversible, so nothing is shown"
    row = own.loc[CLASSES[0]]
    if row["n_ties"] == row["n_pairs"]:
        return "it cannot tell the two versions of any irreversible video apart"
    if row["high"] < 0.5:
        return "it likes irreversible videos better backwards"
    if not row["low"] > 0.5:
        return "that it sees the direction of time is not shown"
    if CLASSES[1] not in own.index:
        return (
            "it sees the direction of time, but without reversible videos it is not known whether it minds "
            "reversal as such"
        )
    contrast = own[own["quantity"].eq("auc_contrast")]
    if contrast["low"].gt(0).any():
        return "it sees the direction of time"
    return (
        "it prefers forward films, but that it minds the reversal of irreversible videos more than that of "
        "reversible ones is not shown"
    )


def say_noise(retest: pd.DataFrame, *, scorer: str, name: str) -> str:
    """Say how much of the variance of one judge's answers is due to wording and to asking again.

    Parameters
    ----------
    retest : DataFrame
        From :func:`videophy_lab.study.estimate_retest`.

    Returns
    -------
    str
        Empty where neither was asked, or the answers do not differ.
    """
    own = retest[retest["scorer"].eq(scorer)].set_index("quantity")
    shares = own["share"].dropna().to_dict()
    sources = {"variance_wording": "the wording of the caption", "variance_sampling": "asking again"}
    known = {said: shares[quantity] for quantity, said in sources.items() if quantity in shares}
    together = own[own.index == "variance_together"]
    if not known or not together["estimate"].gt(0).any():
        return ""
    parts = join_words(f"{100 * share:.0f} % is due to {said}" for said, share in known.items())
    both = "wording and asking again together have" if len(known) > 1 else f"{next(iter(known))} has"
    variance = say_with_n(name_cells(together.iloc[0]))
    said = f"Of the variance of {name}'s answers, {parts}; {both} a variance of {variance}"
    return f"{said}, in squared points."


def say_unit(pairs: pd.DataFrame, *, name: str) -> str:
    """Say of one judge that its scale is not known, and in what its shifts are.

    Parameters
    ----------
    pairs : DataFrame
        Rows of one scorer and question of :func:`videophy_lab.study.pair_with_null`.

    Returns
    -------
    str
        Empty where a unit is a quarter of its scale.
    """
    size, said = find_unit(pairs)
    if said == POINT:
        return ""
    of_how_many = f", {size:.2f} of its points" if size else ", but they do not vary"
    return (
        f"The scale of {name} is not known: a unit of its shifts is a standard deviation of its "
        f"scores{of_how_many}. Give the ends of its scale as the parameter scales."
    )
