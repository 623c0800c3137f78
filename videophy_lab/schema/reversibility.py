"""The three things that can become of an action backwards, and the words for them.

The classes are those of Price and Damen, "Retro-Actions: Learning 'Close' by Time-Reversing 'Open' Videos"
(ICCV Workshops 2019, arXiv:1909.09422): backwards, an equivariant action is another possible one
(open, close), an invariant one is the same (swinging), and an irreversible one is none (breaking).
"""

from __future__ import annotations

IRREVERSIBLE, EQUIVARIANT, INVARIANT = "irreversible", "equivariant", "invariant"
CLASSES = (IRREVERSIBLE, EQUIVARIANT, INVARIANT)
# what people also write
SYNONYMS = {"reversible": EQUIVARIANT, "symmetric": INVARIANT}


def read_reversibility(word: object, *, where: str = "reversibility") -> str:
    """Read the class of an action, also under its other name; case and blanks around it do not matter.

    Parameters
    ----------
    word : object
        A cell of a column ``reversibility``.
    where : str
        Where it stands, for the error.

    Returns
    -------
    {"irreversible", "equivariant", "invariant", ""}
        Empty where the cell is blank (None, NaN or NA too): not known.

    Raises
    ------
    ValueError
        It is no class; the allowed words are named.
    """
    if is_blank(word):
        return ""
    plain = str(word).strip().casefold()
    found = SYNONYMS.get(plain, plain)
    if found not in CLASSES:
        also = ", ".join(f"{other} (the same as {own})" for other, own in SYNONYMS.items())
        raise ValueError(
            f"{where} is {word!r}. Allowed: {', '.join(CLASSES)}, also {also}; blank where it is not known."
        )
    return found


def is_blank(cell: object) -> bool:
    """Tell whether a cell says nothing: None, NaN, NA, or text without a letter."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or str(cell) in ("nan", "<NA>", "NaT")
