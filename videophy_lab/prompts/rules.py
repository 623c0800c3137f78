"""Describe generated videos, and propose rules that each should follow, with the laws behind them.

As in the benchmark (Bansal et al. 2025, VideoPhy-2, arXiv:2503.06800), a model describes the video itself,
and not what it was meant to show, and proposes three rules; people then say whether each holds, and add
what else is wrong. The paper's model, Gemini-2.0-Flash-Exp, is retired.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field
from tqdm import tqdm

from videophy_lab.llm import Request
from videophy_lab.prompts.asking import WAVES, describe_cost, take_answer, tell_source
from videophy_lab.prompts.caption_checks import check_form, tidy
from videophy_lab.prompts.instructions import write_rules
from videophy_lab.prompts.laws import LAWS, LawName, settle_law
from videophy_lab.prompts.watching import WatchingModel
from videophy_lab.prompts.words import compare_sentences, list_words
from videophy_lab.schema import check_table, make_rule_id
from videophy_lab.video import VideoError

if TYPE_CHECKING:
    import pandas as pd

N_RULES, ATTEMPTS = 3, 2
LEAST_WORDS, MOST_WORDS, MOST_SIMILAR = 4, 40, 0.8
OUTPUT_TOKENS = 700
RULE_COLUMNS = (
    "rule_id", "rule", "law", "law_is_listed", "video_id", "prompt_id", "origin", "model", "prompt_hash",
)  # fmt: skip
CAPTION_COLUMNS = ("video_id", "prompt_id", "video_caption", "model", "prompt_hash", "status", "error")
FAILURE_COLUMNS = ("video_id", "rule", "check", "reason", "attempt")


class Proposed(LawName):
    """A rule and its law."""

    rule: str


class Seen(BaseModel):
    """What a model sees in a video, and the rules that it proposes."""

    caption: str = Field(description="What is seen, in two to four sentences.")
    rules: list[Proposed]


@dataclass(frozen=True)
class Ruled:
    """What came of proposing rules.

    Attributes
    ----------
    rules : DataFrame
        A rules table, with ``law_is_listed``, ``origin`` (``model``), ``model`` and ``prompt_hash``.
    captions : DataFrame
        ``video_id, prompt_id, video_caption, model, prompt_hash, status, error``: a row a video.
    failures : DataFrame
        ``video_id, rule, check, reason, attempt``: rules that were refused, videos with too few of them
        (check ``short``), videos that could not be shown or answered.
    """

    rules: pd.DataFrame
    captions: pd.DataFrame
    failures: pd.DataFrame


@dataclass
class Watched:
    """A video on its way."""

    video_id: str
    prompt_id: str
    path: str
    rules: list[dict[str, Any]] = field(default_factory=list)
    caption: str = ""
    source: dict[str, Any] = field(default_factory=dict)


def propose_rules(
    videos: pd.DataFrame, chat: WatchingModel, *, n_rules: int = N_RULES, progress: bool = True
) -> Ruled:
    """Propose rules for every video; a video with too few that pass the checks is asked about once more.

    Parameters
    ----------
    videos : DataFrame
        A videos table with ``path``.
    chat : WatchingModel
    n_rules : int
        Of a video; the benchmark has three.

    Raises
    ------
    ValueError, ImportError, ProviderError
        As :func:`videophy_lab.prompts.asking.ask_all`; what was answered is kept, and not asked again.
    """
    if n_rules < 1:
        raise ValueError(f"n_rules is {n_rules}; it must be at least 1.")
    watched, failed = list_watched(videos)
    text = write_rules(n_rules, LAWS)
    open_videos = watched
    for attempt in range(ATTEMPTS):
        if not open_videos:
            break
        size = max(1, WAVES * chat.client.concurrency)
        what = "proposing rules" if attempt == 0 else "asking for rules again"
        with tqdm(total=len(open_videos), desc=what, disable=not progress, file=sys.stderr) as bar:
            for start in range(0, len(open_videos), size):
                part = open_videos[start : start + size]
                failed += list(ask_part(part, chat, text, attempt, n_rules))
                bar.update(len(part))
        open_videos = [video for video in open_videos if len(video.rules) < n_rules and video.path]
    return join_rules(watched, failed, n_rules)


def list_watched(videos: pd.DataFrame) -> tuple[list[Watched], list[dict[str, Any]]]:
    """List the videos that can be shown, and those that cannot, with the reason."""
    table = check_table(videos, "videos")
    if "path" not in table.columns:
        raise ValueError(
            "the videos have no path, so there is nothing to look at. Remedy: give a folder of video "
            "files, or a table with the column path."
        )
    if "probe" in table.columns:
        table = table[table["probe"].isna() | table["probe"].eq("")]
    watched, failed = [], []
    for row in table.to_dict("records"):
        status, path = row.get("status"), row["path"]
        if not isinstance(path, str) or status == "failed":
            error = row.get("error")
            reason = f"there is no video{f': {error}' if isinstance(error, str) else ''}"
            failed.append({"video_id": row["video_id"], "check": "no video", "reason": reason, "attempt": 1})
        else:
            watched.append(Watched(row["video_id"], row["prompt_id"], path))
    return watched, failed


def ask_part(
    part: Sequence[Watched], chat: WatchingModel, text: str, attempt: int, n_rules: int
) -> Iterator[dict[str, Any]]:
    """Ask about some videos, and yield what failed."""
    asked: list[tuple[Watched, Request]] = []
    for video in part:
        try:
            asked.append((video, chat.make_request(Path(video.path), text, Seen, attempt)))
        except (VideoError, OSError) as error:
            video.path = ""
            video.source = {"status": "failed", "error": str(error)}
            yield {"video_id": video.video_id, "check": "no video", "reason": str(error), "attempt": 1}
    replies = chat.client.ask([request for _, request in asked])
    for (video, request), reply in zip(asked, replies, strict=True):
        source = tell_source(chat, request, reply)
        answer = take_answer(reply, Seen)
        where = {"video_id": video.video_id, "attempt": attempt + 1}
        if answer is None:
            video.source = video.source or source
            yield where | {"check": source["status"], "reason": reply.reason}
            continue
        if not video.caption:
            video.caption, video.source = tidy(answer.caption), source
        for proposed in answer.rules:
            rule = tidy(proposed.rule)
            if len(video.rules) >= n_rules:
                break
            wrong = check_rule(rule, [each["rule"] for each in video.rules])
            if wrong:
                yield where | {"rule": rule or None, "check": wrong[0], "reason": wrong[1]}
                continue
            law, is_listed = settle_law(proposed)
            video.rules.append(
                {"rule": rule, "law": law, "law_is_listed": is_listed}
                | {name: source[name] for name in ("model", "prompt_hash")}
            )


def check_rule(rule: str, others: Sequence[str]) -> tuple[str, str] | None:
    """Say what is wrong with a rule beside those of its video: a check and a reason; None when nothing is."""
    wrong = check_form(rule, language="any")
    if wrong:
        return wrong
    count = len(list_words(rule))
    if not LEAST_WORDS <= count <= MOST_WORDS:
        return "length", f"{count} words; allowed: {LEAST_WORDS} to {MOST_WORDS}"
    if rule.rstrip().endswith("?"):
        return "question", "it is a question"
    for other in others:
        similarity = compare_sentences(rule, other)
        if similarity >= MOST_SIMILAR:
            return "duplicate", f"{similarity:.2f} of its content words are shared with {other!r}"
    return None


def join_rules(watched: Sequence[Watched], failed: list[dict[str, Any]], n_rules: int) -> Ruled:
    """Make the tables."""
    import pandas as pd

    rules, captions = [], []
    for video in watched:
        names = {"video_id": video.video_id, "prompt_id": video.prompt_id}
        captions.append({**names, "video_caption": video.caption or None, **video.source})
        rules += [
            {"rule_id": make_rule_id(rule["rule"]), **rule, **names, "origin": "model"}
            for rule in video.rules
        ]
        if video.path and len(video.rules) < n_rules:
            reason = f"{len(video.rules)} of {n_rules} rules after {ATTEMPTS} attempts"
            failed.append(
                {"video_id": video.video_id, "check": "short", "reason": reason, "attempt": ATTEMPTS}
            )
    table = pd.DataFrame(rules, columns=list(RULE_COLUMNS))
    return Ruled(
        check_table(table.astype({"law": "str"}), "rules", source="the rules"),
        pd.DataFrame(captions, columns=list(CAPTION_COLUMNS)),
        pd.DataFrame(failed, columns=list(FAILURE_COLUMNS)),
    )


def price_rules(videos: pd.DataFrame, chat: WatchingModel, *, n_rules: int = N_RULES) -> str:
    """Say what proposing rules would cost; nothing is sent."""
    watched, failed = list_watched(videos)
    text = write_rules(n_rules, LAWS)
    requests, media = [], []
    unread = len(failed)
    for video in watched:
        try:
            requests.append(Request((*chat.name_video(Path(video.path)), text), Seen))
            media.append(chat.estimate(Path(video.path)))
        except (VideoError, OSError):
            unread += 1
    note = f"{unread} videos cannot be shown" if unread else ""
    cost = describe_cost(
        chat, requests, what="rules", output_tokens=OUTPUT_TOKENS, media_tokens=media, note=note
    )
    return f"{cost}\n(assumed: {chat.assumption}; {chat.client.assumption})"
