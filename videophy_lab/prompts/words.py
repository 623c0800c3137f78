"""Texts as lists of words: what counts as a word, which words carry content, how like two texts are."""

from __future__ import annotations

import re
import unicodedata

# a sign of Chinese or Japanese counts as a word, since these are written without blanks
WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['’-][^\W_]+)*")
ENDINGS = ("ing", "ed", "es", "s", "er", "ers", "ly")
SHORTEST_STEM = 3
VOWELS = "aeiou"
# English words that carry no content of their own
SMALL_WORDS = """
a an the and or but of in on at to by for from with into onto over under through across along around off out
up down near beside behind between against toward towards until while as then so than that this these those
it its is are was were be been being has have had do does did he she they them his her their him who which
where when there here own each other another some any very just also
"""
SMALL = frozenset(SMALL_WORDS.split())
UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
MORE_NUMBERS = """
ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
zero hundred hundreds thousand thousands dozen dozens half pair pairs both double triple once twice thrice
"""
NUMBERS = frozenset(
    (*UNITS, *TENS, *MORE_NUMBERS.split(), *(f"{ten}-{unit}" for ten in TENS for unit in UNITS))
)
NEGATIONS = ("no", "not", "never", "without", "nobody", "nothing")
# these, too, turn what a sentence says into its opposite
TURNS = frozenset((*NEGATIONS, "none", "neither", "nor", "cannot", "fail", "fails", "failed", "failing"))

# words of one way on a line; these small words can be all that tells two rules apart
DIRECTION_WORDS = """
up upward upwards
down downward downwards
in into inside
out outside
on onto
off
over above
under underneath below beneath
toward towards
away
forward forwards
backward backwards
left
right
"""
DIRECTIONS = {word: line.split()[0] for line in DIRECTION_WORDS.splitlines() for word in line.split()}


def list_words(text: str) -> list[str]:
    """List the words of a text in small letters."""
    return WORDS.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'"))


def find_stem(word: str) -> str:
    """Take the usual English endings off a word, so that ``rolls``, ``rolled`` and ``rolling`` are equal."""
    word = word.removesuffix("'s")
    for ending in sorted(ENDINGS, key=len, reverse=True):
        stem = word.removesuffix(ending)
        if ending == "s" and word.endswith("ss"):
            continue
        if stem != word and len(stem) >= SHORTEST_STEM and any(letter in "aeiouy" for letter in stem):
            word = stem
            break
    if len(word) > SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in VOWELS + "ls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > SHORTEST_STEM else word


def list_stems(text: str) -> set[str]:
    """List the stems of the words that carry content."""
    return {find_stem(word) for word in list_words(text) if word not in SMALL}


def measure_similarity(first: set[str], second: set[str]) -> float:
    """Measure how like two sets of stems are: shared over all (Jaccard); 1 for two empty ones."""
    return len(first & second) / len(first | second) if first | second else 1.0


def is_turn(word: str) -> bool:
    """Say whether an English word turns what a sentence says into its opposite."""
    return word in TURNS or word.endswith("n't")


def compare_sentences(first: str, second: str) -> float:
    """Measure how like two sentences are by their content words and directions; 0 where they say opposites.

    They do where one denies what the other says, which it does with an odd number of words such as *not*,
    *never*, *without*, and where each names a direction that the other does not, as *up* and *down*.
    """
    turns = [sum(map(is_turn, list_words(text))) % 2 for text in (first, second)]
    if turns[0] != turns[1]:
        return 0.0
    ways = [{DIRECTIONS[word] for word in list_words(text) if word in DIRECTIONS} for text in (first, second)]
    if ways[0] - ways[1] and ways[1] - ways[0]:
        return 0.0
    small = SMALL | DIRECTIONS.keys()
    stems = [
        {find_stem(word) for word in list_words(text) if word not in small and not is_turn(word)}
        for text in (first, second)
    ]
    return measure_similarity(stems[0] | ways[0], stems[1] | ways[1])


def join_key(text: str) -> str:
    """Bring a text to the form in which two count as the same: words alone, in small letters."""
    return " ".join(list_words(text))
