"""What an ensemble gains over each of its members, and how many swaps it takes to show it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from videophy_lab.schema import Scale
from videophy_lab.study.comparison import compare_judges
from videophy_lab.study.members import SEPARATOR
from videophy_lab.study.tables import TASKS, keep_plain_scores, make_estimates
from videophy_lab.study.words import choose_name

LEAST_SWAPS, MOST_SWAPS = 2000, 20_000


def list_shared_tasks(scores: pd.DataFrame, members: Sequence[str]) -> list[str]:
    """List the tasks among SA and PC that an ensemble of these members can answer.

    A judge joins a task with its answer to it; a metric, or ``"scorer:task"``, joins every task.

    Raises
    ------
    ValueError
        One member alone, one that is not in the scores, or judges that answer no task in common.
    """
    if len(set(members)) == 1:
        raise ValueError(
            f"an ensemble is made of two members or more; given {', '.join(members)}: name another scorer, "
            "or leave the ensemble empty"
        )
    known = list(dict.fromkeys(scores["scorer"]))
    for member in members:
        if member.rpartition(SEPARATOR)[0] not in known:
            choose_name(member, known, what="scorer")
    of_judges = {
        str(scorer): set(part["task"]) & set(TASKS)
        for scorer, part in keep_plain_scores(scores).groupby("scorer")
    }
    answered = [of_judges[member] for member in members if of_judges.get(member)]
    shared = [task for task in TASKS if all(task in tasks for tasks in answered)]
    if members and not shared:
        raise ValueError(
            f"the members {', '.join(members)} have neither SA nor PC in common, and an ensemble answers "
            "what all its judges do; name others"
        )
    return shared


def count_swaps(n_tests: int, *, confidence: float = 0.95) -> int:
    """Give the number of random swaps with which one of n tests can pass Holm's correction.

    The least p of k swaps is 1 / (k + 1), and Holm multiplies the least of n by n. Four times the swaps that
    this takes, from 2,000 to 20,000; beyond, more tests than alpha · 20,001 can show nothing.
    """
    wanted = int(np.ceil(4 * n_tests / (1 - confidence)))
    return min(max(LEAST_SWAPS, wanted), MOST_SWAPS)


def compare_with_members(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    ensembles: Sequence[str],
    members: Sequence[str],
    *,
    tasks: Sequence[str] = TASKS,
    statistic: str = "spearman",
    value: str = "score",
    seed: int = 0,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare every ensemble with each of its members, and with no other.

    Returns
    -------
    DataFrame
        As of :func:`videophy_lab.compare_judges`, with ``p_holm`` over the rows here; members that answer no
        task have none.
    """
    known = set(scores["scorer"])
    swaps = count_swaps(len(ensembles) * len(members) * len(tasks), confidence=confidence)
    parts = [
        compare_judges(
            ratings, scores, [name, member], tasks=tasks, statistic=statistic, value=value, seed=seed,
            scale=scale, confidence=confidence, n_permutations=swaps,
        )
        for name in ensembles
        for member in members
        if member in known
    ]  # fmt: skip
    if not parts:
        return make_estimates([], groups=("scorer_a", "scorer_b", "task", "test", "p_value", "p_holm"))
    table = pd.concat(parts, ignore_index=True)
    tested = table["p_value"].notna()
    if tested.any():
        table.loc[tested, "p_holm"] = multipletests(table.loc[tested, "p_value"], method="holm")[1]
    return table
