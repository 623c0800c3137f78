"""Run scorers over videos in this process: decoding runs ahead on other threads, every batch is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.engine.answers import clean_text, settle_answers
from videophy_lab.engine.plan import Job, hash_text
from videophy_lab.judges.base import Answer, Scorer, ScorerStoppedError, failed
from videophy_lab.video import Clip, FrameView, VideoError, decode_ahead, decode_clip

if TYPE_CHECKING:
    from videophy_lab.store import ScoreStore

Report = Callable[[int, Sequence[Mapping[str, Any]]], None]
# a group of clips is closed when their frames reach this many bytes, however many a scorer would take
GROUP_BYTES = 1 << 30
# what is scored within this time is stored together, because storing a row costs as much as storing many
STORE_SECONDS = 0.5


def run_jobs(
    jobs: Sequence[Job],
    scorers: Mapping[str, Scorer],
    specs: Mapping[str, str],
    store: ScoreStore,
    *,
    threads: int = 2,
    report: Report | None = None,
) -> None:
    """Answer every question of the jobs and store the answers as they come.

    Parameters
    ----------
    jobs : sequence of Job
    scorers : mapping of name to Scorer
        Prepared.
    specs : mapping of name to spec
    store : ScoreStore
        Gets a row for every question; a broken video or a scorer that raises gives ``failed`` and why.
    threads : int
        Decoding threads.
    report : callable, optional
        Called after each group with the number of videos done and their rows, which are stored soon after.

    Raises
    ------
    ScorerStoppedError
        A scorer can go on with no video; what all of them have answered is stored.
    """
    size = max((scorer.batch_size for scorer in scorers.values()), default=1)
    items = ((job.path, find_views(job, scorers)) for job in jobs)
    pending: list[dict[str, Any]] = []
    stored = time.perf_counter()
    with closing(decode_ahead(items, threads=threads, ahead=max(size, 2 * threads))) as decoded:
        try:
            for group in gather_groups(zip(jobs, decoded, strict=True), size):
                rows: list[dict[str, Any]] = []
                # row by row: a scorer that ends the run takes no row of another one with it
                for row in score_group(group, scorers, specs):
                    rows.append(row)
                    pending.append(row)
                    if time.perf_counter() - stored >= STORE_SECONDS:
                        store.append(pending)
                        pending, stored = [], time.perf_counter()
                if report:
                    report(len(group), rows)
        finally:
            store.append(pending)


def find_views(job: Job, scorers: Mapping[str, Scorer]) -> set[FrameView]:
    """Find the frames that the scorers of a job look at."""
    views = (scorers[name].view for name in job.questions)
    return {view for view in views if view is not None}


def gather_groups(
    pairs: Iterable[tuple[Job, Clip | VideoError]], size: int
) -> Iterator[list[tuple[Job, Clip | VideoError]]]:
    """Gather decoded videos into groups of `size`, or of fewer that fill :data:`GROUP_BYTES`."""
    group: list[tuple[Job, Clip | VideoError]] = []
    held = 0
    for job, clip in pairs:
        group.append((job, clip))
        held += sum(frames.nbytes for frames in clip.frames.values()) if isinstance(clip, Clip) else 0
        if len(group) >= size or held >= GROUP_BYTES:
            yield group
            group, held = [], 0
    if group:
        yield group


def score_group(
    group: Sequence[tuple[Job, Clip | VideoError]], scorers: Mapping[str, Scorer], specs: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Score a group of videos with every scorer that has a question about them; yield a row an answer."""
    for name, scorer in scorers.items():
        asked = [(job, clip) for job, clip in group if name in job.questions]
        readable = []
        for job, clip in asked:
            own = clip if isinstance(clip, Clip) else decode_alone(job, scorer)
            if isinstance(own, Clip):
                readable.append((job, own))
                continue
            answers = [failed(own)] * len(job.questions[name])
            yield from make_rows(job, name, specs[name], answers, seconds=0.0)
        for start in range(0, len(readable), scorer.batch_size):
            batch = readable[start : start + scorer.batch_size]
            yield from score_batch(batch, name, scorer, specs[name])


def decode_alone(job: Job, scorer: Scorer) -> Clip | str:
    """Decode a broken video for one scorer, so that no scorer fails for frames that only another wants.

    Returns
    -------
    Clip or str
        The reason where it is broken for this scorer too; without the path, so that equal reasons read alike
        and can be counted.
    """
    if job.path == Path():
        return job.fault or "the videos table gives no path"
    try:
        return decode_clip(job.path, [] if scorer.view is None else [scorer.view])
    except ValueError as error:
        text, path = str(error), str(job.path)
        return f"the file{text.removeprefix(path)}" if text.startswith(path) else text


def score_batch(
    batch: Sequence[tuple[Job, Clip]], name: str, scorer: Scorer, spec: str
) -> list[dict[str, Any]]:
    """Score a batch; when the scorer raises, video by video, so that one cannot take others with it."""
    questions = [job.questions[name] for job, _ in batch]
    started = time.perf_counter()
    try:
        answers = settle_answers(scorer.score([clip for _, clip in batch], questions), questions)
    except ScorerStoppedError:
        raise
    except Exception as error:  # a scorer may be anybody's plug-in: whatever it raises is the row's reason
        if len(batch) > 1:
            return [row for pair in batch for row in score_batch([pair], name, scorer, spec)]
        reason = str(error).strip() or repr(error)
        answers = [[failed(clean_text(f"{type(error).__name__}: {reason}"))] * len(questions[0])]
    seconds = (time.perf_counter() - started) / max(1, sum(map(len, questions)))
    pairs = zip(batch, answers, strict=True)
    return [row for (job, _), found in pairs for row in make_rows(job, name, spec, found, seconds=seconds)]


def make_rows(
    job: Job, name: str, spec: str, answers: Sequence[Answer], *, seconds: float
) -> list[dict[str, Any]]:
    """Make a row of the scores table of each answer about a video."""
    return [
        {
            "video_id": job.video_id,
            "sha256": job.sha256,
            "scorer": name,
            "spec": spec,
            "task": question.task,
            "rule_id": question.rule_id,
            "probe": question.probe,
            "question": hash_text(question.text),
            "score": answer.score,
            "expected": answer.expected,
            "probabilities": list(answer.probabilities) or None,
            "answer": answer.answer,
            "status": answer.status,
            "error": answer.error,
            "seconds": seconds,
            "cost": answer.cost,
        }
        for question, answer in zip(job.questions[name], answers, strict=True)
    ]
