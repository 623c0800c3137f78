"""The hard subset: the actions at which a reference generator fails.

The benchmark took the 60 of its 197 actions for which no video of CogVideoX-5B was a success on both
questions (Bansal et al. 2025, VideoPhy-2, arXiv:2503.06800). Whoever chose a subset by its failures cannot
be compared on it: its score there is low, or zero, by construction. The name of the reference is therefore
kept beside ``is_hard``, and :func:`check_reference` and the rankings of :mod:`videophy_lab.study` heed it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from videophy_lab.collisions import split_video_ids
from videophy_lab.schema import SCALES, TableError, check_scale, check_table, infer_scale
from videophy_lab.schema.references import fold_name, list_references

if TYPE_CHECKING:
    import pandas as pd

RULES = ("zero", "lowest")
TASKS = ("sa", "pc")


@dataclass(frozen=True, kw_only=True)
class HardRule:
    """How actions are chosen.

    Attributes
    ----------
    rule : {"zero", "lowest"}
        ``zero``, the paper's: no video of the action is a success. ``lowest``: the `n_actions` with the
        lowest share of successes; of equal shares, those with more videos; what is still equal where the
        number is reached is left out, all of it, and so is an action whose videos are all successes.
    n_actions : int
        For ``lowest``; fewer than there are. The benchmark has 60 of 197.
    least_videos : int
        Actions with fewer rated videos are not chosen: none of one or two is no sign.
    """

    rule: str = "zero"
    n_actions: int = 60
    least_videos: int = 3

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"rule is {self.rule!r}. Allowed: {', '.join(RULES)}.")
        for name in ("n_actions", "least_videos"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")


@dataclass(frozen=True)
class Hard:
    """What was chosen.

    Attributes
    ----------
    prompts : DataFrame
        With ``is_hard`` (blank where the action has no rated video) and ``hard_reference``, the reference's
        name.
    actions : DataFrame
        ``action, n_videos, n_prompts, n_joint`` (successes on both questions), ``joint`` (their share),
        ``chance_of_none`` (that an action like the average of all would have no success in as many videos),
        ``is_hard``, ``tied`` (left out or in by the rule for equal shares alone); hardest first.
    notes : tuple of str
        What the rule asked for and could not be had.
    """

    prompts: pd.DataFrame
    actions: pd.DataFrame
    notes: tuple[str, ...] = ()


def choose_hard(
    prompts: pd.DataFrame,
    rated: pd.DataFrame,
    *,
    reference: str,
    rule: HardRule | None = None,
    scale: str | None = None,
) -> Hard:
    """Choose the hard actions by a reference generator's ratings, or a judge's scores of it.

    Parameters
    ----------
    prompts : DataFrame
        A prompts table with ``action``.
    rated : DataFrame
        A ratings or a scores table with SA and PC; one scorer's scores.
    reference : str
        Name of the generator in `rated`.
    rule : HardRule, optional
    scale : {"1-5", "0/1"}, optional
        Told from the values when not given.

    Raises
    ------
    ValueError
        No action, no such generator, several scorers, or as many actions asked for as there are.
    """
    import pandas as pd

    rule = rule or HardRule()
    table = check_table(prompts, "prompts")
    if "action" not in table.columns or table["action"].isna().all():
        raise ValueError("the prompts have no action. Remedy: give a table with the column action.")
    videos = find_successes(rated, reference, scale)
    known = videos.merge(table[["prompt_id", "action"]].dropna(), on="prompt_id")
    if not len(known):
        raise ValueError(
            f"no video of {reference} belongs to a prompt of the table with an action. Remedy: give the "
            "prompts that it was given; prompt_id joins the two."
        )
    counts = known.groupby("action", sort=True).agg(
        n_videos=("joint", "size"), n_prompts=("prompt_id", "nunique"), n_joint=("joint", "sum")
    )
    actions = counts.astype({"n_joint": int}).reset_index()
    actions["joint"] = actions["n_joint"] / actions["n_videos"]
    overall = actions["n_joint"].sum() / actions["n_videos"].sum()
    actions["chance_of_none"] = (1 - overall) ** actions["n_videos"]
    chosen = mark_actions(actions, rule)
    is_hard = table["action"].map(dict(zip(chosen["action"], chosen["is_hard"], strict=True)))
    marked = table.assign(is_hard=is_hard.astype("boolean"))
    marked["hard_reference"] = pd.Series(reference, index=marked.index).where(marked["is_hard"].notna())
    return Hard(check_table(marked, "prompts"), chosen, list_notes(chosen, rule, reference))


def find_successes(rated: pd.DataFrame, reference: str, scale: str | None) -> pd.DataFrame:
    """Give the videos of the reference with both answers, and whether both are a success."""
    if scale is not None and scale not in SCALES:
        raise ValueError(f"scale is {scale!r}. Allowed: {', '.join(SCALES)}.")
    values = rated if "rating" in rated.columns else take_scores(rated)
    values = values[values["task"].isin(TASKS)]
    generators = sorted(values["generator"].dropna().unique())
    if reference not in generators:
        raise ValueError(
            f"the reference {reference!r} has no rating of sa and pc. There are: "
            f"{', '.join(generators) or 'none'}."
        )
    kind = SCALES[scale] if scale else infer_scale(values)
    check_scale(values, kind)
    own = values[values["generator"].eq(reference)]
    wide = own.pivot_table(index=["video_id", "prompt_id"], columns="task", values="rating", aggfunc="mean")
    both = wide.reindex(columns=list(TASKS)).dropna().reset_index()
    # of annotators on 0/1, more than half make a success
    success = [both[task].gt(0.5) if kind.high <= 1 else both[task].ge(kind.success) for task in TASKS]
    return both.assign(joint=(success[0] & success[1]).astype(int))[["video_id", "prompt_id", "joint"]]


def take_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Take the scores of plain videos for ratings."""
    checked = check_table(scores, "scores")
    usable = checked[checked["status"].eq("ok") & checked["task"].isin(TASKS)]
    if "probe" in usable.columns:
        usable = usable[usable["probe"].isna() | usable["probe"].eq("")]
    scorers = sorted(usable["scorer"].unique())
    if len(scorers) != 1:
        raise TableError(
            f"the scores are those of {len(scorers)} scorers with sa and pc "
            f"({', '.join(scorers) or 'none'}). Remedy: keep the rows of one judge that is asked both."
        )
    parts = split_video_ids(usable["video_id"])
    for column in ("generator", "prompt_id"):
        own = usable[column] if column in usable.columns else parts[column]
        usable = usable.assign(**{column: own.fillna(parts[column])})
    return usable.rename(columns={"score": "rating"})


def mark_actions(actions: pd.DataFrame, rule: HardRule) -> pd.DataFrame:
    """Mark the hard actions, hardest first."""
    ordered = actions.sort_values(
        ["joint", "n_videos", "action"], ascending=[True, False, True], kind="stable", ignore_index=True
    )
    enough = ordered["n_videos"].ge(rule.least_videos)
    if rule.rule == "zero":
        return ordered.assign(is_hard=enough & ordered["n_joint"].eq(0), tied=False)
    check_number(int(enough.sum()), len(ordered), rule)
    fails = enough & ordered["joint"].lt(1)
    able = ordered[fails]
    if len(able) <= rule.n_actions:
        return ordered.assign(is_hard=fails, tied=False)
    last, following = able.iloc[rule.n_actions - 1], able.iloc[rule.n_actions]
    same = fails & ordered["joint"].eq(following["joint"]) & ordered["n_videos"].eq(following["n_videos"])
    is_tie = last["joint"] == following["joint"] and last["n_videos"] == following["n_videos"]
    first = ordered.index.isin(able.index[: rule.n_actions])
    return ordered.assign(is_hard=first & ~same if is_tie else first, tied=same if is_tie else False)


def check_number(n_able: int, n_all: int, rule: HardRule) -> None:
    """Check that ``lowest`` chooses among actions; raise ValueError where it would take all of them."""
    if rule.n_actions < n_able:
        return
    number = f"--n-actions with a number below {n_able} (HardRule(n_actions=…)), or " if n_able > 1 else ""
    raise ValueError(
        f"the {rule.n_actions} actions with the lowest shares cannot be chosen among {n_able}, of which all "
        f"would be hard ({n_able} of {n_all} actions have {rule.least_videos} rated videos or more). Remedy: "
        f"give {number}--rule zero, or rate videos of more actions."
    )


def list_notes(actions: pd.DataFrame, rule: HardRule, reference: str) -> tuple[str, ...]:
    """Say how many actions ``lowest`` leaves out since the reference never fails at them."""
    n_hard = int((actions["is_hard"] | actions["tied"]).sum())
    never = actions["n_videos"].ge(rule.least_videos) & actions["joint"].eq(1)
    if rule.rule == "zero" or n_hard >= rule.n_actions or not never.any():
        return ()
    others = f"at the {int(never.sum())} others {reference} never failed"
    return (f"{n_hard} actions and not {rule.n_actions}: {others}, and what never fails is not hard",)


def mark_hard(table: pd.DataFrame, prompts: pd.DataFrame) -> pd.DataFrame:
    """Give ratings, scores or videos the columns ``is_hard`` and ``hard_reference`` of their prompts."""
    known = prompts.set_index("prompt_id")
    names = [name for name in ("is_hard", "hard_reference") if name in known.columns]
    return table.assign(**{name: table["prompt_id"].map(known[name]) for name in names})


def check_reference(
    table: pd.DataFrame, *, exclude: Sequence[str] | str = (), on_reference: str = "mark"
) -> list[str]:
    """Find the generators that chose the hard subset and are compared on it.

    Parameters
    ----------
    table : DataFrame
        Ratings, scores or videos with ``generator`` and, where it is known, ``hard_reference``.
    exclude : sequence of str
        Generators that are left out of the comparison already.
    on_reference : {"mark", "refuse"}

    Returns
    -------
    list of str
        Those to leave out, those of `exclude` not among them.

    Raises
    ------
    ValueError
        With ``refuse``, where there are any.

    Warns
    -----
    UserWarning
        A reference is not among the generators, and one has a name like it.
    """
    if on_reference not in ("mark", "refuse"):
        raise ValueError(f"on_reference is {on_reference!r}. Allowed: mark, refuse.")
    if "hard_reference" not in table.columns:
        return []
    left_out = {exclude} if isinstance(exclude, str) else set(exclude)
    found = [name for name in list_references(table) if name not in left_out]
    names = {str(name) for name in table["generator"].dropna().unique()}
    same = {fold_name(name) for name in names}
    for reference in sorted({str(name) for name in table["hard_reference"].dropna().unique()}):
        folded = fold_name(reference)
        like = {name for name in names if fold_name(name) in folded or folded in fold_name(name)} - left_out
        if folded not in same and like:
            warnings.warn(
                f"the hard subset was chosen by the failures of {reference!r}. If {min(like)!r} is the same "
                "generator, leave it out of comparisons there (exclude_hard)",
                stacklevel=2,
            )
    if found and on_reference == "refuse":
        raise ValueError(
            f"{', '.join(found)} chose the hard subset by its own failures and cannot be compared on it. "
            "Remedy: leave it out (exclude_hard), or compare on all prompts."
        )
    return found
