"""What can be wrong with a caption, as far as it can be told without a language model."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from videophy_lab.prompts.words import (
    NEGATIONS,
    SMALL,
    find_stem,
    join_key,
    list_stems,
    list_words,
    measure_similarity,
)
from videophy_lab.schema.tokens import CLIP_LIMIT

ENGLISH = "English"
MARKUP = re.compile(r"<[^<>]*>|https?://|www\.|```|[{}\[\]|\\]|^\W*\d+[.)]\s|^\s*[-*•]\s")
# what a model says to its user, or a text to a model, and no description of a scene
TALK = re.compile(
    r"\b(ignore|disregard|forget|override)\b.{0,40}\b(instruction|prompt|rule|above|previous)"
    r"|\b(as an? (ai|language model)|system prompt|i cannot|i can't|i'm sorry|here (is|are) "
    "(the|a|your|\\d))\b"
    r"|^(sure|certainly|of course)\b|\bcaptions?\s*:",
    re.IGNORECASE,
)
# English words for what no camera sees, each form in full: "magic" and no magician, "patience" and no patient
ABSTRACT_WORDS = """
anger angers angered angry angrily anxious anxiously anxiety awe awed awesome awestruck bliss blissful
blissfully bored boredom bravery charm charms charmed charming charmingly cheerful cheerfully cheerfulness
comfort comforts comforted comforting comfortable comfortably confident confidently confidence courage
courageous courageously curious curiously curiosity delight delights delighted delightful delightfully
despair despairing despairingly dignity disappoint disappoints disappointed disappointing disappointment
dream dreams dreamed dreaming dreamy dreamlike ecstasy ecstatic ecstatically elegant elegantly elegance
embarrass embarrasses embarrassed embarrassing embarrassment enjoy enjoys enjoyed enjoying enjoyable
enjoyment enthusiasm enthusiastic enthusiastically envy envious enviously excite excites excited excitedly
exciting excitement fear fears feared fearful fearfully fearless fearlessly feel feels feeling feelings
freedom friendship friendships frustrate frustrates frustrated frustrating frustration fun grace graceful
gracefully grateful gratefully grief happy happily happier happiness hate hates hated hating hateful heroic
heroically hope hopes hoped hoping hopeful hopefully hopeless hopelessly inspire inspires inspired inspiring
inspiration inspirational jealous jealously jealousy joy joys joyful joyfully joyous joyously justice
kindness loneliness love loves loving lovingly lovely magic magical magically majesty majestic majestically
memory memories memorable mourn mourns mourned mourning mournful mystery mysteries mysterious mysteriously
nostalgia nostalgic passion passions passionate passionately patience patiently peaceful peacefully pride
proud proudly prouder relieve relieved sad sadly sadder sadness serene serenely serenity shame shameful
ashamed sorrow sorrows sorrowful soul souls soulful spirit spirited success successful successfully surprise
surprises surprised surprising surprisingly symbolic symbolically symbolize symbolizes symbolizing symbolism
tender tenderly tenderness terror terrors thought thoughts thoughtful thoughtfully thrill thrills thrilled
thrilling tranquil tranquilly tranquility triumph triumphs triumphed triumphant triumphantly wisdom wonder
wonders wondered wondering wonderful wonderfully wondrous worry worries worried worrying worriedly
"""
ABSTRACT = frozenset(ABSTRACT_WORDS.split())
# things that are called by two words, the first of them one of these
THINGS = frozenset({("spirit", "level"), ("spirit", "levels"), ("memory", "foam"), ("memory", "card")})
# small words of Spanish, French, German, Italian, Portuguese and Dutch
FOREIGN_WORDS = """
el la los las un una uno de del que y con por para en hasta le les des une et dans sur avec qui est der die
das den dem und ein eine einen auf mit von zu il lo gli di che per nel della um uma os na em het een van op
"""
FOREIGN = frozenset(FOREIGN_WORDS.split())
MOST_FOREIGN_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class CaptionLimits:
    """What a caption must keep to.

    Attributes
    ----------
    least_words, most_words : int
    most_a_subject : int
        Captions of one action in which the same subject acts.
    most_similar : float
        Two captions of one action whose content words are alike to this share or more (Jaccard of stems) are
        near duplicates.
    most_tokens : int
        Of CLIP; looked at only where there is a tokenizer.
    """

    least_words: int = 6
    most_words: int = 40
    most_a_subject: int = 4
    most_similar: float = 0.7
    most_tokens: int = CLIP_LIMIT

    def __post_init__(self) -> None:
        if not 1 <= self.least_words <= self.most_words:
            raise ValueError(
                f"least_words is {self.least_words} and most_words {self.most_words}; allowed: 1 or more, "
                "the first not above the second."
            )
        if not 0 < self.most_similar <= 1:
            raise ValueError(f"most_similar is {self.most_similar}; allowed: more than 0, up to 1.")
        if self.most_a_subject < 1:
            raise ValueError(f"most_a_subject is {self.most_a_subject}; it must be at least 1.")


@dataclass
class Shelf:
    """The captions of one action that were accepted so far, and all captions that there are.

    Attributes
    ----------
    captions : list of str
    subjects : Counter
    everywhere : set of str
        Of all actions, brought to one form; shared.
    """

    captions: list[str] = field(default_factory=list)
    subjects: Counter[str] = field(default_factory=Counter)
    everywhere: set[str] = field(default_factory=set)

    def put(self, caption: str, subject: str) -> None:
        """Put a caption that was accepted."""
        self.captions.append(caption)
        if subject:
            self.subjects[name_subject(subject)] += 1
        self.everywhere.add(join_key(caption))

    def take(self, caption: str, subject: str) -> None:
        """Take one away again."""
        self.captions.remove(caption)
        self.subjects[name_subject(subject)] -= 1
        self.everywhere.discard(join_key(caption))


def tidy(text: str) -> str:
    """Join white space, and take quotation marks off the ends."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    pairs = {'"': '"', "“": "”", "'": "'", "«": "»", "„": "“"}
    if len(text) > 1 and pairs.get(text[0]) == text[-1] and text.count(text[0]) <= 2:
        text = text[1:-1].strip()
    return text


def name_subject(subject: str) -> str:
    """Bring a subject to the form in which two count as the same: its last content word."""
    stems = [find_stem(word) for word in list_words(subject) if word not in SMALL]
    return stems[-1] if stems else ""


def check_form(text: str, *, language: str) -> tuple[str, str] | None:
    """Say what is wrong with the form of a text: a check and a reason; None when nothing is."""
    if not list_words(text):
        return "empty", "it has no words"
    found = MARKUP.search(text)
    if found:
        return "markup", f"it holds {found.group().strip()!r}"
    found = TALK.search(text)
    if found:
        return "talk", f"it talks to somebody: {found.group().strip()!r}"
    strange = [character for character in text if not character.isprintable()]
    if strange:
        return "markup", f"it holds the character {strange[0]!r}"
    return check_english(text) if language == ENGLISH else None


def check_english(text: str) -> tuple[str, str] | None:
    """Say whether a text is plainly not English: other letters, or none of English's small words."""
    letters = [character for character in text if character.isalpha()]
    foreign = [character for character in letters if not unicodedata.name(character, "").startswith("LATIN")]
    if letters and len(foreign) > MOST_FOREIGN_SHARE * len(letters):
        return "language", f"{len(foreign)} of {len(letters)} letters are not Latin ones"
    words = list_words(text)
    english = sum(word in SMALL or word in NEGATIONS for word in words)
    others = [word for word in words if word in FOREIGN]
    if len(others) > 1 and len(others) > english:
        return "language", f"more small words of another language than of English: {', '.join(others)}"
    if len(words) > 4 and not english:
        return "language", "none of its words is one of English's small words"
    return None


def find_abstract(text: str) -> str:
    """Find a word for what no camera sees; empty where there is none."""
    words = list_words(text)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        is_abstract = not ABSTRACT.isdisjoint(word.removesuffix("'s").split("-"))
        if is_abstract and (word, following) not in THINGS:
            return word
    return ""


def check_caption(
    caption: str, subject: str, shelf: Shelf, limits: CaptionLimits, *, language: str = ENGLISH
) -> tuple[str, str] | None:
    """Say what is wrong with a caption beside those accepted: a check and a reason; None when nothing is."""
    wrong = check_form(caption, language=language)
    if wrong:
        return wrong
    count = len(list_words(caption))
    if not limits.least_words <= count <= limits.most_words:
        return "length", f"{count} words; allowed: {limits.least_words} to {limits.most_words}"
    abstract = find_abstract(caption) if language == ENGLISH else ""
    if abstract:
        return "abstraction", f"it says {abstract!r}"
    if join_key(caption) in shelf.everywhere:
        return "duplicate", "it is there already"
    closest, similarity = find_closest(caption, shelf.captions)
    if similarity >= limits.most_similar:
        return "near duplicate", f"{similarity:.2f} of its content words are shared with {closest!r}"
    name = name_subject(subject)
    if name and shelf.subjects[name] >= limits.most_a_subject:
        return "subject", f"{shelf.subjects[name]} captions are about {subject!r} already"
    return None


def find_closest(caption: str, others: Iterable[str]) -> tuple[str, float]:
    """Find the caption that is most alike, and how alike it is."""
    stems = list_stems(caption)
    alike = [(other, measure_similarity(stems, list_stems(other))) for other in others]
    return max(alike, key=lambda pair: pair[1], default=("", 0.0))
