"""Label the rows of tables of videos and prompts, each label with its origin."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from videophy_lab.reversibility.labels import (
    CONFIRMED,
    MOTION,
    ORIGINS,
    SIMULATED,
    make_key,
    merge_labels,
    read_class,
)
from videophy_lab.schema import TableError
from videophy_lab.schema.reversibility import IRREVERSIBLE

if TYPE_CHECKING:
    import pandas as pd

REVERSIBLE = "reversible"  # what motion says: equivariant or invariant, which it cannot tell apart
COLUMNS = ("reversibility", "reversibility_origin", "reason")
ALL_ORIGINS = (*ORIGINS, MOTION)
VIOLATION = "violation"  # kind of a simulated clip whose physics is wrong on purpose


class Word(NamedTuple):
    """A label, who says so, and why."""

    label: str
    origin: str
    reason: str


def label_reversibility(
    table: pd.DataFrame, labels: Iterable[pd.DataFrame] | pd.DataFrame = ()
) -> pd.DataFrame:
    """Label the rows of a prompts or videos table.

    A row gets the label that a person confirmed, for its action or in the table itself; else the exact one
    where it is of the simulated world; else what a language model proposed. The label of its scene or action
    need not hold for a simulated clip whose physics is wrong on purpose: it gets what a person says of it.

    Parameters
    ----------
    table : DataFrame
        With ``prompt_id``, and ``action`` where labels of actions are to count. What stands in its column
        ``reversibility`` is kept with its ``reversibility_origin``; without one it is taken for a person's
        word, except where it repeats the truth that a simulated clip came with.
    labels : DataFrame or several
        Of :func:`load_labels` or :func:`propose_labels`.

    Returns
    -------
    DataFrame
        The table with ``reversibility``, ``reversibility_origin`` (``confirmed``, ``simulated``, ``llm``,
        ``motion``) and ``reason``, missing where nobody says anything. To label it again changes nothing.

    Raises
    ------
    TableError
        The table's own column holds something that is no class, or no origin.
    """
    import pandas as pd

    given = [labels] if isinstance(labels, pd.DataFrame) else list(labels)
    merged = merge_labels(*given)
    by_action = {
        make_key(action): Word(*word)
        for action, *word in merged[["action", "label", "origin", "reason"]].itertuples(index=False)
    }
    truths = list_truths()
    rows = table.to_dict("records")
    found = [label_row(row, f"in row {place}", by_action, truths) for place, row in enumerate(rows, 1)]
    shown = pd.DataFrame(found, columns=list(COLUMNS), index=table.index, dtype=object)
    return table.assign(**{name: shown[name] for name in COLUMNS})


def require_match(table: pd.DataFrame, labels: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Give a prompts or videos table back if the labels have one of its actions.

    Raises
    ------
    TableError
        There are labels, and none is of an action of the table: they would say nothing.
    """
    given = [str(action) for part in labels for action in part["action"]]
    if not given:
        return table
    found = list(table["action"].dropna()) if "action" in table.columns else []
    own = {make_key(str(action)): str(action) for action in found}
    if not own:
        raise TableError(
            f"the labels are of {len(given):,} action(s), such as {given[0]!r}, but the videos have none. "
            "Remedy: give their table a column action, or label the videos themselves by videophy-lab probe "
            "VIDEOS --labels FILE."
        )
    if not any(make_key(action) in own for action in given):
        close = difflib.get_close_matches(make_key(given[0]), list(own), n=1)
        hint = f" (did you mean {own[close[0]]!r}?)" if close else ""
        raise TableError(
            f"none of the labels is of an action of the videos: the labels have {given[0]!r}{hint}, the "
            f"videos {', '.join(sorted(own.values())[:5])}. Remedy: write the actions as their table does."
        )
    return table


def label_row(
    row: Mapping[Any, Any],
    where: str,
    by_action: Mapping[str, Word],
    truths: Mapping[tuple[str, str], str],
) -> Word | tuple[None, None, None]:
    """Give a row the word of the origin that is believed first; of one origin, what is given now."""
    truth = find_truth(row, truths)
    own = read_own(row, where, truth)
    if is_wrong_on_purpose(row):
        said = [own if own and own.origin in (CONFIRMED, MOTION) else None]
    else:
        action = row.get("action")
        exact = Word(truth, SIMULATED, f"the {SIMULATED} world's own truth") if truth else None
        said = [by_action.get(make_key(action)) if isinstance(action, str) else None, exact, own]
    words = [word for word in said if word]
    return min(words, key=lambda word: ALL_ORIGINS.index(word.origin), default=(None, None, None))


def read_own(row: Mapping[Any, Any], where: str, truth: str) -> Word | None:
    """Read what a row says of itself; None where it says nothing."""
    label = read_class(row.get("reversibility"), f"reversibility {where}")
    origin, reason = row.get("reversibility_origin"), row.get("reason")
    if not label:
        return None
    if not isinstance(origin, str) or not origin.strip():
        # the truth that the world wrote beside its clip is no person's word
        return None if label == truth else Word(label, CONFIRMED, "the table's own column")
    if origin not in ALL_ORIGINS:
        raise TableError(
            f"reversibility_origin {where} is {origin!r}. Allowed: {', '.join(ALL_ORIGINS)}. Remedy: correct "
            "it, or leave it blank for a label that a person gave."
        )
    if origin == MOTION and label != IRREVERSIBLE:
        label = REVERSIBLE
    return Word(label, origin, reason if isinstance(reason, str) else "")


def find_truth(row: Mapping[Any, Any], truths: Mapping[tuple[str, str], str]) -> str:
    """Find the exact label of a row of the simulated world; empty where it is of another generator."""
    generator = row.get("generator")
    is_prompt = not isinstance(generator, str)
    if not is_prompt and not is_simulated(generator):
        return ""
    known = [truths.get((name, str(row.get(name))), "") for name in ("prompt_id", "scene")]
    return known[0] if is_prompt else known[0] or known[1]


def is_simulated(generator: object) -> bool:
    """Tell whether a generator is the simulated world, or that with an edit: ``simulated-jitter-100``."""
    return isinstance(generator, str) and (generator == SIMULATED or is_twin(generator))


def is_twin(generator: str) -> bool:
    """Tell whether a generator is the simulated world with an edit."""
    return generator.startswith(f"{SIMULATED}-")


def is_wrong_on_purpose(row: Mapping[Any, Any]) -> bool:
    """Tell whether a simulated clip breaks physics; an edited one does unless its kind says otherwise."""
    generator, kind = row.get("generator"), row.get("kind")
    if not isinstance(generator, str) or not is_simulated(generator):
        return False
    return kind == VIOLATION if isinstance(kind, str) else is_twin(generator)


def list_truths() -> dict[tuple[str, str], str]:
    """List the exact labels of the simulated world by ``prompt_id`` and by ``scene``."""
    from videophy_lab.datasets import load_prompts

    prompts = load_prompts(SIMULATED)
    return {
        (column, name): label
        for column in ("prompt_id", "scene")
        for name, label in zip(prompts[column], prompts["reversibility"], strict=True)
    }
