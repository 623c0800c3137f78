"""Actions: one spelling for each, and one list of many, with where each name came from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from videophy_lab.prompts.words import list_words

if TYPE_CHECKING:
    import pandas as pd

CATEGORIES = ("physical_activity", "object_interaction")
ARTICLES = ("a", "an", "the")
COLUMNS = ("action", "origin", "names", "category")
BETWEEN = "; "
# HandStandPushups → Hand Stand Pushups, YoYo → Yo Yo, ABCWord → ABC Word
CAPITALS = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
LONGEST = 200


@dataclass(frozen=True)
class Named:
    """A class of a list, as it is written there.

    Attributes
    ----------
    name : str
    category : str
        Where the list has one.
    """

    name: str
    category: str = ""


def spell_action(name: str) -> str:
    """Give an action its one spelling: words in small letters, with blanks between them.

    Parameters
    ----------
    name : str
        For example ``"HandStandPushups"``, ``"pole_vault"``, ``"Holding [something] over [something]"``.
    """
    text = unicodedata.normalize("NFKC", name).replace("’", "'")
    # line breaks, tabs and their like part words; what has no width does not
    text = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    text = " ".join(text.split()).strip("\"'")
    text = "".join(sign for sign in text if sign.isprintable())
    if not re.search(r"\s|_", text):
        text = CAPITALS.sub(" ", text)
    text = re.sub(r"\[([^\]]*)\]", r"\1", text.replace("_", " "))
    return " ".join(text.split()).rstrip(" .,;").lower()


def make_key(action: str) -> str:
    """Bring an action to the form in which two count as the same: no blanks, signs or articles.

    ``push ups``, ``Push-ups`` and ``pushups`` are one action; ``jumping jack`` and ``jumping jacks`` are not:
    near duplicates are a matter of judgement.
    """
    return "".join(
        word.replace("-", "").replace("'", "") for word in list_words(action) if word not in ARTICLES
    )


def gather_actions(lists: Mapping[str, Iterable[Named]]) -> pd.DataFrame:
    """Make one list of actions of several.

    Parameters
    ----------
    lists : mapping of origin to classes
        Of :func:`videophy_lab.prompts.lists.read_list`.

    Returns
    -------
    DataFrame
        ``action``, each once; ``origin`` (the lists that have it) and ``names`` (all its spellings there),
        separated by ``"; "``; ``category`` of the first list that has one.

    Raises
    ------
    ValueError
        No list has an action, or a name is longer than 200 characters.
    """
    import pandas as pd

    found: dict[str, dict[str, dict[str, None]]] = {}
    spelling: dict[str, str] = {}
    for origin, classes in lists.items():
        for each in classes:
            action = spell_action(each.name)
            key = make_key(action)
            if not key:
                continue
            if len(action) > LONGEST:
                raise ValueError(
                    f"{origin}: {action[:60]!r}… is longer than {LONGEST} characters, so it is no action. "
                    "Remedy: give a list of class names, one a line."
                )
            spelling.setdefault(key, action)
            cells = found.setdefault(key, {"origin": {}, "names": {}, "category": {}})
            cells["origin"][origin] = None
            cells["names"][each.name.strip()] = None
            if each.category:
                cells["category"][each.category] = None
    if not found:
        raise ValueError("the lists hold no action. Remedy: give files with class names in them.")
    rows = [
        {
            "action": spelling[key],
            "origin": BETWEEN.join(cells["origin"]),
            "names": BETWEEN.join(cells["names"]),
            "category": next(iter(cells["category"]), None),
        }
        for key, cells in found.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"category": "str"})


def check_actions(actions: pd.DataFrame, *, source: str = "actions") -> pd.DataFrame:
    """Check a table of actions: a column ``action`` with a name in every row, none twice.

    Raises
    ------
    ValueError
        With the row and the remedy.
    """
    if "action" not in actions.columns:
        columns = ", ".join(map(str, actions.columns))
        raise ValueError(
            f"{source}: a table of actions needs the column action; it has {columns}. Remedy: rename one, or "
            "make the table with: videophy-lab prompts import csv=FILE --out DIR"
        )
    blank = actions["action"].isna() | actions["action"].astype(str).str.strip().eq("")
    if blank.any() or not len(actions):
        rows = blank.to_numpy().nonzero()[0]
        what = f"row {rows[0] + 1} has no action" if len(rows) else "there is no action in it"
        raise ValueError(f"{source}: {what}. Remedy: fill it in, or delete the row.")
    keys = actions["action"].map(make_key)
    if keys.duplicated().any():
        second = int(keys.duplicated().to_numpy().argmax())
        first = int(keys.eq(keys.iloc[second]).to_numpy().argmax())
        raise ValueError(
            f"{source}: rows {first + 1} and {second + 1} are the same action "
            f"({actions['action'].iloc[second]!r}). Remedy: delete one, or import the table again."
        )
    return actions.reset_index(drop=True)
