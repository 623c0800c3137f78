"""Tasks made for the tests: small videos of two generators, with captions, rules, pairs and known answers."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd

from tests.video.made_videos import make_frames
from videophy_lab.annotation import Clip, Item, Rule, Task
from videophy_lab.annotation.session import Session
from videophy_lab.video import encode_video

TRICKY = (
    "A <b>cup</b> & a </script><script>document.title = 'hacked'</script> \"plate\" for $5 or ${video_1}."
)
RULES = (
    Rule(rule_id="r1", text="The cup <i>falls</i> down, not up.", law="gravity"),
    Rule(rule_id="r2", text="The plate stays in one piece."),
)
COUNTER = itertools.count()


def make_clip(generator: str, number: int, path: str = "") -> Clip:
    prompt = f"00a{number}"
    return Clip(
        video_id=f"{generator}/{prompt}/0",
        prompt_id=prompt,
        generator=generator,
        path=path or f"{generator}{number}.mp4",
        caption=f"Video {number}: {TRICKY}",
    )


def make_items(clips: list[Clip], kinds: tuple[str, ...] = ("pc", "sa", "rule")) -> list[Item]:
    return [
        Item(
            item_id=f"{kind}:{clip.video_id}",
            kind=kind,
            videos=(clip.video_id,),
            rules=RULES if kind == "rule" else (),
        )
        for clip in clips
        for kind in kinds
    ]


def make_pair(one: Clip, other: Clip, kind: str = "pair_pc") -> Item:
    return Item(
        item_id=f"{kind}:{one.video_id}|{other.video_id}", kind=kind, videos=(one.video_id, other.video_id)
    )


def make_test(clip: Clip, value: int, kind: str = "pc", **options: object) -> Item:
    rules = RULES if kind == "rule" else ()
    questions = [rule.rule_id for rule in rules] or [kind]
    return Item(
        item_id=f"qualification:{kind}:{clip.video_id}",
        kind=kind,
        videos=(clip.video_id,),
        rules=rules,
        role="qualification",
        expected=dict.fromkeys(questions, min(value, 1) if rules else value),
        **options,
    )


def make_small_task(n_prompts: int = 3, **options: object) -> Task:
    """Make a task of two generators' videos of each prompt; its files are not there."""
    clips = [make_clip(generator, n) for n in range(n_prompts) for generator in ("wan", "sora")]
    items = options.pop("items", None) or make_items(clips)
    return Task(clips=tuple(clips), items=tuple(items), **{"attention_every": 0, **options})


def write_videos(folder: Path, n_prompts: int = 3) -> Path:
    """Write small videos, two of each prompt, with captions; give their folder."""
    lines = [("file", "caption")]
    for generator in ("wan", "sora"):
        (folder / generator).mkdir(parents=True)
        for number in range(n_prompts):
            name = f"{generator}/v{number}.mp4"
            frames = make_frames(16, 48, 64 if number else 48)
            encode_video(frames, folder / name, fps=8)
            lines.append((name, f"Video {number}: {TRICKY}"))
    pd.DataFrame(lines[1:], columns=list(lines[0])).to_csv(folder / "captions.csv", index=False)
    return folder


def send(session: Session, item_id: str, question: str, value: object, **more: object) -> dict:
    """Answer as a browser does."""
    key = next(turn.item.key for turn in session.turns if turn.item.item_id == item_id)
    message = {"answer_id": f"answer-{next(COUNTER):04d}", "item": key, "question": question, "value": value}
    return session.answer(message | {"seconds": 2.5, "tab": "one"} | more)
