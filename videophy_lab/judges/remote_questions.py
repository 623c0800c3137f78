"""The benchmark's questions as messages to a remote model."""

from __future__ import annotations

from pydantic import BaseModel, Field

from videophy_lab.judges.base import Question
from videophy_lab.judges.questions import TEMPLATES, Template, find_scale

REASONING = "One or two short sentences on what in the video decides the score."


class Rating(BaseModel):
    """An answer on the scale of semantic adherence and physical commonsense."""

    reasoning: str = Field(description=REASONING)
    score: int = Field(ge=1, le=5, strict=True)


class Verdict(BaseModel):
    """An answer about a rule."""

    reasoning: str = Field(description=REASONING)
    score: int = Field(ge=0, le=2, strict=True)


ANSWERS: dict[str, type[Rating] | type[Verdict]] = {"sa": Rating, "pc": Rating, "rule": Verdict}


def strip_turns(template: Template) -> Template:
    """Take the turns of a conversation off a question: a remote model has its own."""
    before = template.before_text.removeprefix("\nHuman: ")
    if template.after_text is None:
        return Template("", before.removesuffix("\nAI: "))
    return Template("", before, template.after_text.removesuffix("\nAI: ").rstrip(" "))


# the sentences for open models end in a demand for a bare number, which the form of the answer contradicts
SENTENCES = {task: strip_turns(template) for task, template in TEMPLATES["autoeval"].items()}


def describe_form(task: str) -> str:
    """Say what an answer looks like; a server that ignores the schema still reads this."""
    *most, last = map(str, find_scale(task))
    return (
        'Answer with a JSON object: {"reasoning": one or two short sentences, "score": the number '
        f"{', '.join(most)} or {last}}}."
    )


def describe_questions() -> dict[str, str]:
    """Give every question word for word; ``{text}`` stands for the caption or rule."""
    texts = {task: "" if part.after_text is None else "{text}" for task, part in SENTENCES.items()}
    return {task: join_words(task, texts[task]) for task in SENTENCES}


def join_words(task: str, text: str) -> str:
    """Put a question, its text and the form of its answer together."""
    sentence = SENTENCES[task]
    return f"{sentence.before_text}{text}{sentence.after_text or ''}\n{describe_form(task)}"


def write_question(question: Question) -> str:
    """Write a question for a remote model.

    Raises
    ------
    ValueError
        It is none of the benchmark's, or lacks its caption or rule.
    """
    find_scale(question.task)
    if SENTENCES[question.task].after_text is None:
        return join_words(question.task, "")
    if not question.text.strip():
        what = "rule" if question.task == "rule" else "caption"
        raise ValueError(f"no {what}. Remedy: give the video one, or do not ask {question.task!r}.")
    return join_words(question.task, question.text)
