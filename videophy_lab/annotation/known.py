"""Items that are not asked of every video: pairs of videos, and questions whose answers are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from videophy_lab.annotation.questions import PAIRS
from videophy_lab.annotation.task import Clip, Item, Role, Rule, TaskError
from videophy_lab.schema import make_rule_id

TASKS = ("sa", "pc", "rule")
KNOWN_ROLES: tuple[Role, ...] = ("qualification", "attention")


def ask_pairs(rows: Sequence[dict[str, Any]], clips: Mapping[str, Clip]) -> Iterable[Item]:
    """Ask which of two videos is the better one."""
    for number, row in enumerate(rows, start=1):
        names = row.get("video_id_a", ""), row.get("video_id_b", "")
        strangers = [name for name in names if name not in clips]
        if strangers or names[0] == names[1]:
            fault = f"{strangers[0]!r} is not among the videos" if strangers else "both videos are the same"
            raise TaskError(f"pairs: row {number}: {fault}. Remedy: correct its video_id")
        captions = {clips[name].caption for name in names}
        comparable = len(captions) == 1 and "" not in captions
        asked = [row["task"]] if "task" in row else ["pc", *(["sa"] if comparable else [])]
        for task in asked:
            kind = f"pair_{task}"
            if kind not in PAIRS or (task == "sa" and not comparable):
                raise TaskError(
                    f"pairs: row {number}: {task!r} cannot be asked of it; allowed: pc, and sa of two videos "
                    "with the same caption"
                )
            yield Item(item_id=f"{kind}:{names[0]}|{names[1]}", kind=kind, videos=names)


def ask_known(rows: Sequence[dict[str, Any]], clips: Mapping[str, Clip]) -> Iterable[tuple[Clip, Item]]:
    """Ask what is known."""
    for number, row in enumerate(rows, start=1):
        clip = clips.get(row["video_id"])
        if clip is None and "path" in row:
            clip = Clip(
                video_id=row["video_id"],
                prompt_id=row.get("prompt_id", row["video_id"]),
                generator=row.get("generator", "known"),
                path=row["path"],
                caption=row.get("caption", ""),
            )
        role, task = row.get("role", "qualification"), row["task"]
        faults = {
            f"{row['video_id']!r} is not among the videos and has no path": clip is None,
            f"the role {role!r} is none of {', '.join(KNOWN_ROLES)}": role not in KNOWN_ROLES,
            f"the task {task!r} is none of {', '.join(TASKS)}": task not in TASKS,
            "sa needs a caption": task == "sa" and clip is not None and not clip.caption,
            "the rule is missing": task == "rule" and "rule" not in row,
        }
        fault = next((fault for fault, found in faults.items() if found), "")
        if fault or clip is None:
            raise TaskError(f"qualification: row {number}: {fault}. Remedy: correct the row")
        yield clip, make_known(clip, row, role, number)


def make_known(clip: Clip, row: dict[str, Any], role: Role, number: int) -> Item:
    """Make the item of a known answer."""
    task = row["task"]
    given = row["rating"], row.get("tolerance", 0 if task == "rule" else 1)
    try:
        rating, tolerance = (read_whole(cell) for cell in given)
    except ValueError:
        raise TaskError(
            f"qualification: row {number}: rating {given[0]!r} and tolerance {given[1]!r} must be whole "
            "numbers. Remedy: correct the row"
        ) from None
    rules: tuple[Rule, ...] = ()
    if task == "rule":
        rule_id = row.get("rule_id") or make_rule_id(row["rule"])
        rules = (Rule(rule_id=rule_id, text=row["rule"], law=row.get("law", "")),)
    return Item(
        item_id=f"{role}:{task}:{clip.video_id}" + "".join(f":{rule.rule_id}" for rule in rules),
        kind=task,
        videos=(clip.video_id,),
        rules=rules,
        role=role,
        expected={rules[0].rule_id if rules else task: rating},
        tolerance=tolerance,
    )


def read_whole(cell: object) -> int:
    """Read a whole number, also where a table made it a text or a float."""
    number = float(str(cell))
    if number != int(number):
        raise ValueError(f"{cell!r} is not whole")
    return int(number)
