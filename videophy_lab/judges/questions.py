"""The benchmark's questions, word for word, and how their answers are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MEDIA = "<|video|>"
SCALE = {"sa": (1, 2, 3, 4, 5), "pc": (1, 2, 3, 4, 5), "rule": (0, 1, 2)}
NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

# the official parser takes the first of these that it finds anywhere in the text, even inside a word
OFFICIAL_VALUES = {word: value for value, word in enumerate(NUMBER_WORDS[:6])} | {
    str(value): value for value in range(6)
}

QUOTES_AND_MARKS = str.maketrans(dict.fromkeys("\"'“”‘’`*_()[]{}:=", " "))
LEADING_WORDS = "a|ai|an|answer|final|give|i|is|it|my|of|overall|rate|rating|score|the|this|value|video|would"


@dataclass(frozen=True)
class Template:
    """The words of a question around the video and around its text, kept apart.

    A caption that holds the video's mark or a turn of the conversation stays a caption only as long as the
    parts are tokenised apart; :func:`render_template` joins them as the official code does.

    Attributes
    ----------
    before_media : str
        What stands before the video.
    before_text : str
        What stands between the video and the caption or rule; the whole question where there is neither.
    after_text : str, optional
        What stands after the caption or rule; None for a question that has neither.
    """

    before_media: str
    before_text: str
    after_text: str | None = None


POLITE = "The assistant gives helpful, detailed, and polite answers to the user's questions.\nHuman: "
OPENING = f"The following is a conversation between a curious human and an AI assistant. {POLITE}"
VIDEOCON_OPENING = f"The following is a conversation between a curious human and AI assistant. {POLITE}"
ONE_NUMBER = "Answer with one number only."

# github.com/TIGER-AI-Lab/VideoScore2@e6abe26, vs2_inference.py: one query for three dimensions. The model is
# asked by these characters, its source's indentation and the spaces before its lines' ends included.
VIDEOSCORE2 = Template(
    "",
    "\n    You are an expert for evaluating AI-generated videos from three dimensions:\n"
    "    (1) visual quality – clarity, smoothness, artifacts;\n"
    "    (2) text-to-video alignment – fidelity to the prompt;\n"
    "    (3) physical/common-sense consistency – naturalness and physics plausibility.\n"
    "\n    Video prompt: ",
    "\n\n    Please output in this format:\n"
    "    visual quality: <v_score>; \n"
    "    text-to-video alignment: <t_score>, \n"
    "    physical/common-sense consistency: <p_score>\n    ",
)

# github.com/Hritikbansal/videophy@01d366c (MIT), VIDEOPHY2/template.py and utils/constants.py. The judges
# were trained on these characters, the missing article and the stray space before a line's end included.
TEMPLATES = {
    "autoeval": {
        "sa": Template(
            OPENING,
            '\nHuman: Does this video match the description: "',
            '"? Please rate the video on a scale from 1 to 5, where 5 indicates a perfect match and '
            "1 indicates no relevance.\nAI: ",
        ),
        "pc": Template(
            OPENING,
            "\nHuman: Does this video adhere to the physical laws? Rate the video on a scale from 1 to 5, "
            "where 5 means full compliance and 1 means significant violations.\nAI: ",
        ),
        "rule": Template(
            OPENING,
            '\nHuman: Does the video follow the physical rule: "',
            '"?\nChoose 0 if not, 1 if valid, or 2 if indeterminate. \nAI: ',
        ),
    },
    "videocon_physics": {
        "sa": Template(VIDEOCON_OPENING, '\nHuman: Does this video entail the description: "', '"?\nAI: '),
        "pc": Template(VIDEOCON_OPENING, "\nHuman: Does this video follow the physical laws?\nAI: "),
    },
    # the official sentences without the conversation, for models that have one of their own
    "vlm": {
        "sa": Template(
            "",
            'Does this video match the description: "',
            '"? Please rate the video on a scale from 1 to 5, where 5 indicates a perfect match and '
            f"1 indicates no relevance. {ONE_NUMBER}",
        ),
        "pc": Template(
            "",
            "Does this video adhere to the physical laws? Rate the video on a scale from 1 to 5, "
            f"where 5 means full compliance and 1 means significant violations. {ONE_NUMBER}",
        ),
        "rule": Template(
            "",
            'Does the video follow the physical rule: "',
            f'"?\nChoose 0 if not, 1 if valid, or 2 if indeterminate. {ONE_NUMBER}',
        ),
    },
    "videoscore2": dict.fromkeys(("sa", "pc", "visual_quality"), VIDEOSCORE2),
}


def find_scale(task: str) -> tuple[int, ...]:
    """Give the allowed answers to a task's question, ascending; raise ValueError for any other task."""
    if task not in SCALE:
        raise ValueError(
            f"the benchmark asks no question for the task {task!r}. Allowed: {', '.join(SCALE)}."
        )
    return SCALE[task]


def render_template(template: Template, text: str = "") -> str:
    """Write a question as the official code does, the video's mark inside.

    Parameters
    ----------
    template : Template
    text : str
        Caption or rule, put in as it is: quotes, line breaks and marks are not escaped.

    Raises
    ------
    ValueError
        A text for a question that takes none.
    """
    if template.after_text is None and text:
        raise ValueError(
            f"this question takes no text, and was given {text!r}. Remedy: leave the text empty."
        )
    return f"{template.before_media}{MEDIA}{template.before_text}{text}{template.after_text or ''}"


def parse_official(text: str) -> float:
    """Read an answer as the official code does, faults included; for matching old tables only.

    Number words, then digits 0–5, are looked for anywhere, even inside a word: ``none`` is 1, ``10`` is 0,
    ``4 or 3`` is 3. A text with neither is read by its other digits (``٤`` is 4) and is otherwise 0, which
    cannot be told from an answer of 0.

    Raises
    ------
    ValueError
        For characters that count as digits and are no number, such as ``²``; there the official run dies.

    References
    ----------
    github.com/Hritikbansal/videophy@01d366c, VIDEOPHY2/inference.py.
    """
    lowered = text.lower()
    for key, value in OFFICIAL_VALUES.items():
        if key in lowered:
            return float(value)
    digits = "".join(character for character in lowered if character.isdigit())
    number = int(digits) if digits else 0
    return float(number if number in range(6) else 0)


def warns_official(text: str) -> bool:
    """Tell whether the official code prints a warning: no number word and no digit 0–5 is in the text."""
    return not any(key in text.lower() for key in OFFICIAL_VALUES)


def parse_answer(text: str, allowed: Sequence[float]) -> float | None:
    """Read an answer that is one allowed value and nothing else; None is unscored.

    The value is a numeral (``4``, ``4.0``) or a number word, as a whole word. Around it may stand spaces,
    quotes and marks, a closing full stop, and before it words that only announce it (``The score is 4``).
    On a rating scale, one that starts at 1, ``4/5`` and ``four out of five`` are 4 when 5 is its top.
    Everything else cannot be read: two numbers, a number off the scale, ``3.5``, ``-1``, ``4+``, ``phone``,
    ``not 4``, an empty text.

    Parameters
    ----------
    text : str
    allowed : sequence of float
        The allowed values, for example ``SCALE["sa"]``.
    """
    spellings = _spell_values(allowed)
    value = "|".join(map(re.escape, spellings))
    words = " ".join(text.lower().translate(QUOTES_AND_MARKS).split()).rstrip(" .,;!")
    found = re.fullmatch(rf"(?:(?:{LEADING_WORDS}) )*({value})(?:(?: ?/ ?| out of | of )({value}))?", words)
    if found is None:
        return None
    top = max(allowed)
    if found[2] is not None and (min(allowed) != 1 or spellings[found[2]] != top):
        return None
    return spellings[found[1]]


def _spell_values(values: Sequence[float]) -> dict[str, float]:
    """Spell each value as a numeral, with one decimal, and as a word where it has one."""
    spellings = {f"{value:g}": float(value) for value in values}
    spellings |= {f"{value:.1f}": float(value) for value in values if value == int(value)}
    return spellings | {NUMBER_WORDS[int(v)]: float(v) for v in values if v in range(len(NUMBER_WORDS))}
