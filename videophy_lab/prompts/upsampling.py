"""Lengthen captions, and keep only those texts that still mean what the captions say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from videophy_lab.llm.exchange import hash_description
from videophy_lab.prompts.asking import HASH_DIGITS, describe_cost
from videophy_lab.prompts.caption_checks import ENGLISH, tidy
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.instructions import write_upsampling
from videophy_lab.prompts.meaning import UpsamplingLimits, Wrong, ask_meaning, check_words, make_checks
from videophy_lab.prompts.rewriting import Rewrite, Rewriter
from videophy_lab.schema import check_table

if TYPE_CHECKING:
    import pandas as pd

ATTEMPTS = 2
OUTPUT_TOKENS = 120
# checks that say nothing about a text: it did not come, or the other model did not answer
NO_FAULT = ("no answer", "unchecked")
FAILURE_COLUMNS = (
    "prompt_id", "caption", "upsampled_caption", "check", "reason", "attempt", "is_final", "model",
)  # fmt: skip


@dataclass(frozen=True)
class Upsampled:
    """What came of lengthening.

    Attributes
    ----------
    prompts : DataFrame
        With ``upsampled_caption`` where one was found that keeps the meaning, ``upsampled_by`` (the model)
        and ``upsampling`` (a short hash of everything that decided it).
    failures : DataFrame
        Every text that was refused, with ``check``, ``reason`` and ``attempt``; ``is_final`` where the prompt
        has none in the end.
    settings : mapping
        What the hash stands for.
    """

    prompts: pd.DataFrame
    failures: pd.DataFrame
    settings: Mapping[str, Any]


@dataclass
class Work:
    """One caption on its way."""

    prompt_id: str
    caption: str
    action: str
    subject: str
    text: str = ""
    wrong: Wrong | None = None


def upsample(
    prompts: pd.DataFrame,
    rewriter: Rewriter,
    checker: ChatModel,
    *,
    limits: UpsamplingLimits | None = None,
    language: str = ENGLISH,
    progress: bool = True,
) -> Upsampled:
    """Lengthen the captions that have no upsampled one yet.

    A text is checked for its form and length, for the caption's subject, verb, numbers and content words,
    and by another model for its meaning, both ways. One that is refused is written once more, with the
    reason told.

    Parameters
    ----------
    prompts : DataFrame
        ``caption``; ``action`` and ``subject`` help the checks where they are known.
    rewriter : Rewriter
        See :mod:`videophy_lab.prompts.rewriting`.
    checker : ChatModel
    limits : UpsamplingLimits, optional
    language : str

    Raises
    ------
    ValueError, ImportError, ProviderError
        No model, key or weights; what was written is kept.
    """
    limits = limits or UpsamplingLimits()
    table = check_table(prompts, "prompts")
    works = list_work(table)
    settings = describe_settings(rewriter, limits, language) if works else {}
    done: dict[str, str] = {}
    refused: list[dict[str, Any]] = []
    open_works = works
    for attempt in range(ATTEMPTS):
        if not open_works:
            break
        messages = make_messages(open_works, limits, language, rewriter.form)
        texts = rewriter.rewrite(messages, attempt=attempt, progress=progress)
        for work, written in zip(open_works, texts, strict=True):
            take_text(work, written, limits, language)
        sound = [work for work in open_works if work.wrong is None]
        verdicts = ask_meaning([(work.caption, work.text) for work in sound], checker, progress=progress)
        for work, verdict in zip(sound, verdicts, strict=True):
            work.wrong = verdict
        done |= {work.prompt_id: work.text for work in open_works if work.wrong is None}
        open_works = [work for work in open_works if work.wrong is not None]
        refused += [describe_refusal(work, attempt, rewriter.name) for work in open_works]
    return join_upsampled(table, done, refused, settings, rewriter.name)


def describe_settings(rewriter: Rewriter, limits: UpsamplingLimits, language: str) -> dict[str, Any]:
    """Describe everything that decides how a caption is lengthened."""
    instructions = make_messages([Work("", "", "", "")], limits, language, rewriter.form)
    return {**rewriter.describe(), "instructions": instructions}


def take_text(work: Work, written: Rewrite, limits: UpsamplingLimits, language: str) -> None:
    """Take what was written for a caption, and note what is plainly wrong with it."""
    work.text = tidy(written.text)
    facts = {"subject": work.subject, "action": work.action}
    wrong = check_words(work.caption, work.text, limits, language=language, **facts)
    work.wrong = ("no answer", written.error) if written.error else wrong


def list_work(table: pd.DataFrame) -> list[Work]:
    """List the captions to lengthen."""
    wanted = table["caption"].notna()
    if "upsampled_caption" in table.columns:
        wanted &= table["upsampled_caption"].isna()
    facts = [name for name in ("action", "subject") if name in table.columns]
    rows = table.loc[wanted, ["prompt_id", "caption", *facts]].fillna("").to_dict("records")
    return [
        Work(row["prompt_id"], row["caption"], row.get("action", ""), row.get("subject", "")) for row in rows
    ]


def make_messages(works: Sequence[Work], limits: UpsamplingLimits, language: str, form: str) -> list[str]:
    """Write the messages; one that is written again says why, where the fault was the text's."""
    return [
        write_upsampling(
            work.caption,
            language=language,
            most=limits.most_words,
            form=form,
            lost=f"{work.wrong[0]}: {work.wrong[1]}" if work.wrong and work.wrong[0] not in NO_FAULT else "",
        )
        for work in works
    ]


def describe_refusal(work: Work, attempt: int, model: str) -> dict[str, Any]:
    """Make the row of a text that was refused."""
    check, reason = work.wrong or ("", "")
    return {
        "prompt_id": work.prompt_id,
        "caption": work.caption,
        "upsampled_caption": work.text or None,
        "check": check,
        "reason": reason,
        "attempt": attempt + 1,
        "model": model,
    }


def join_upsampled(
    table: pd.DataFrame,
    done: Mapping[str, str],
    refused: list[dict[str, Any]],
    settings: Mapping[str, Any],
    model: str,
) -> Upsampled:
    """Make the tables; what was lengthened before stays."""
    import pandas as pd

    name = hash_description(dict(settings))[:HASH_DIGITS]
    ids = table["prompt_id"]
    new = {
        "upsampled_caption": ids.map(done).astype("str"),
        "upsampled_by": ids.map(dict.fromkeys(done, model)).astype("str"),
        "upsampling": ids.map(dict.fromkeys(done, name)).astype("str"),
    }
    cells = {
        column: table[column].fillna(values) if column in table.columns else values
        for column, values in new.items()
    }
    final = {row["prompt_id"] for row in refused} - set(done)
    failures = pd.DataFrame(refused, columns=list(FAILURE_COLUMNS))
    failures["is_final"] = failures["prompt_id"].isin(final)
    return Upsampled(check_table(table.assign(**cells), "prompts"), failures, settings)


def price_upsampling(
    prompts: pd.DataFrame,
    rewriter: Rewriter,
    checker: ChatModel,
    *,
    limits: UpsamplingLimits | None = None,
    language: str = ENGLISH,
) -> str:
    """Say what lengthening would take; nothing is sent or fetched."""
    limits = limits or UpsamplingLimits()
    works = list_work(check_table(prompts, "prompts"))
    # a stand-in as long as an upsampled caption
    stand_in = "w" * 5 * limits.most_words
    checks = make_checks([(work.caption, stand_in) for work in works])
    return "\n".join(
        [
            rewriter.describe_cost(make_messages(works, limits, language, rewriter.form)),
            describe_cost(checker, checks, what="checks, both ways", output_tokens=OUTPUT_TOKENS),
            f"(what is refused is written and checked once more; assumed: {checker.client.assumption})",
        ]
    )
