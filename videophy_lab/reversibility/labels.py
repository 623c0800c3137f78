"""Labels of actions: what becomes of an action backwards, and who says so.

The classes are those of Price and Damen, "Retro-Actions: Learning 'Close' by Time-Reversing 'Open' Videos"
(ICCV Workshops 2019, arXiv:1909.09422): backwards, an equivariant action is another possible one
(open, close), an invariant one is the same (swinging), and an irreversible one is none (breaking).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.schema import TableError, check_table, read_rows

if TYPE_CHECKING:
    import pandas as pd

EQUIVARIANT, INVARIANT, IRREVERSIBLE = "equivariant", "invariant", "irreversible"
CLASSES = (EQUIVARIANT, INVARIANT, IRREVERSIBLE)
# what people also write
SYNONYMS = {"reversible": EQUIVARIANT, "symmetric": INVARIANT}
# who is believed first; what motion says is added where nobody else says anything
CONFIRMED, SIMULATED, LLM, MOTION = "confirmed", "simulated", "llm", "motion"
ORIGINS = (CONFIRMED, SIMULATED, LLM)
COLUMNS = ("action", "label", "origin", "reason")


def make_key(action: str) -> str:
    """Bring an action to the form in which two count as the same: small letters, single blanks."""
    return " ".join(action.split()).casefold()


def read_class(text: object, where: str) -> str | None:
    """Read a class; None for a blank.

    Raises
    ------
    TableError
        It is none; `where` says where it stands.
    """
    if not isinstance(text, str) or not text.strip():
        return None
    word = text.strip().casefold()
    word = SYNONYMS.get(word, word)
    if word not in CLASSES:
        raise TableError(
            f"{where} is {text!r}. Allowed: {', '.join(CLASSES)} (reversible and symmetric stand for the "
            "first two). Remedy: correct it, or leave it blank."
        )
    return word


def load_labels(path: str | Path) -> pd.DataFrame:
    """Load labels from a CSV file; what a person has confirmed comes before what was proposed.

    Parameters
    ----------
    path : path
        ``action`` and one of ``label`` and ``confirmed``; ``origin`` and ``reason`` where there are any. A
        label without an origin is a person's. A row whose ``confirmed`` and ``label`` are blank says nothing.

    Returns
    -------
    DataFrame
        ``action, label, origin, reason``.

    Raises
    ------
    TableError
        No such columns, a label that is none, an unknown origin, one action with two labels of one origin;
        the row is named.
    """
    import pandas as pd

    rows = read_rows(path)
    if "action" not in rows.columns or not {"label", "confirmed"} & set(rows.columns):
        raise TableError(
            f"{path}: its columns are {', '.join(rows.columns)}; needed are action and label. Remedy: write "
            "a header such as action,label, or let videophy-lab reversal-labels write the file."
        )
    found = []
    for place, row in enumerate(rows.to_dict("records"), 2):
        if not isinstance(row["action"], str) or not row["action"].strip():
            raise TableError(f"{path}: row {place} has no action. Remedy: fill it in, or delete the row.")
        confirmed = read_class(row.get("confirmed"), f"{path}: confirmed in row {place}")
        proposed = read_class(row.get("label"), f"{path}: label in row {place}")
        origin = row.get("origin") if isinstance(row.get("origin"), str) else CONFIRMED
        if origin not in ORIGINS:
            raise TableError(
                f"{path}: origin in row {place} is {origin!r}. Allowed: {', '.join(ORIGINS)}. Remedy: "
                "correct it, or leave it blank for a label that a person gave."
            )
        label = confirmed or proposed
        if label:
            reason = row.get("reason") if isinstance(row.get("reason"), str) else ""
            found.append((row["action"].strip(), label, CONFIRMED if confirmed else origin, reason))
    return check_labels(pd.DataFrame(found, columns=list(COLUMNS), dtype="object"), str(path))


def check_labels(labels: pd.DataFrame, source: str) -> pd.DataFrame:
    """Check that one origin gives an action one label.

    Raises
    ------
    TableError
        It gives two.
    """
    keyed = labels.assign(key=[make_key(action) for action in labels["action"]])
    counts = keyed.groupby(["key", "origin"])["label"].nunique()
    twice = counts[counts > 1]
    if len(twice):
        action, origin = twice.index[0]
        raise TableError(
            f"{source}: the action {action!r} has two labels of the origin {origin!r}. Remedy: keep one row."
        )
    return keyed.drop_duplicates(["key", "origin"]).drop(columns="key").reset_index(drop=True)


def list_simulated_labels() -> pd.DataFrame:
    """List the exact labels of the embedded world's prompts: ``prompt_id, action, label, origin, reason``."""
    from videophy_lab.datasets import load_prompts

    prompts = load_prompts("simulated")
    return prompts[["prompt_id", "action"]].assign(
        label=prompts["reversibility"], origin=SIMULATED, reason=f"the {SIMULATED} world's own truth"
    )


def merge_labels(*tables: pd.DataFrame) -> pd.DataFrame:
    """Merge labels: one row an action, of the origin that is believed first.

    Parameters
    ----------
    *tables : DataFrame
        ``action, label, origin, reason``. A confirmed label comes before a simulated one, and that before a
        proposal; of one origin, the first table's.

    Returns
    -------
    DataFrame
        ``action, label, origin, reason``, by the order in which actions first appear.
    """
    import pandas as pd

    columns = list(COLUMNS)
    parts = [table[columns] for table in tables if len(table)]
    if not parts:
        return pd.DataFrame(columns=columns, dtype="object")
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(
        key=[make_key(action) for action in rows["action"]], rank=rows["origin"].map(ORIGINS.index)
    )
    best = rows.sort_values("rank", kind="stable").drop_duplicates("key").set_index("key")
    return best.loc[rows["key"].drop_duplicates(), columns].reset_index(drop=True)


def label_reversibility(
    table: pd.DataFrame, labels: Iterable[pd.DataFrame] | pd.DataFrame = ()
) -> pd.DataFrame:
    """Label the rows of a prompts or videos table.

    A row gets the label that a person confirmed for its action; else the exact one where its prompt is the
    embedded world's; else what a language model proposed.

    Parameters
    ----------
    table : DataFrame
        With ``prompt_id``, and ``action`` where labels of actions are to count. What stands in a column
        ``reversibility`` of it, without an origin, is taken for a person's word.
    labels : DataFrame or several
        Of :func:`load_labels` or :func:`propose_labels`.

    Returns
    -------
    DataFrame
        The table with ``reversibility``, ``origin`` and ``reason``, missing where nobody says anything.

    Raises
    ------
    TableError
        The table's own column holds something that is no class.
    """
    import pandas as pd

    given = [labels] if isinstance(labels, pd.DataFrame) else list(labels)
    merged = merge_labels(*(part.dropna(subset=["label"]) for part in given))
    facts = ["label", "origin", "reason"]
    keys = [make_key(action) for action in merged["action"]]
    by_action = dict(zip(keys, merged[facts].itertuples(index=False, name=None), strict=True))
    world = list_simulated_labels()
    by_prompt = dict(zip(world["prompt_id"], world[facts].itertuples(index=False, name=None), strict=True))
    found = []
    for place, row in enumerate(table.to_dict("records"), 1):
        action = row.get("action")
        ours = [by_action.get(make_key(action)) if isinstance(action, str) else None]
        ours.append(by_prompt.get(row.get("prompt_id")))
        if row.get("prompt_id") not in by_prompt and not isinstance(row.get("origin"), str):
            own = read_class(row.get("reversibility"), f"reversibility in row {place}")
            ours.append((own, CONFIRMED, "the table's own column") if own else None)
        said = [fact for fact in ours if fact]
        found.append(min(said, key=lambda fact: ORIGINS.index(fact[1]), default=(None,) * 3))
    shown = pd.DataFrame(
        found, columns=["reversibility", "origin", "reason"], index=table.index, dtype=object
    )
    return table.assign(**{str(name): shown[name] for name in shown.columns})


def list_actions(prompts: pd.DataFrame) -> list[str]:
    """List the actions of a prompts table, each once, in their order.

    Raises
    ------
    TableError
        It has none.
    """
    checked = check_table(prompts, "prompts")
    if "action" not in checked.columns or checked["action"].isna().all():
        raise TableError(
            "prompts: they have no actions. Remedy: give a table with the column action, or the official "
            "file (hub:videophy2 has it; the bundled numbers have not)."
        )
    actions = {make_key(action): action.strip() for action in reversed(list(checked["action"].dropna()))}
    return list(reversed(actions.values()))
