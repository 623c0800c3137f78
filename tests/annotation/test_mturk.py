"""Batches for Amazon Mechanical Turk and what comes back: text stays text, and answers become ratings."""

from __future__ import annotations

import csv
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from tests.annotation.made_tasks import RULES, TRICKY, make_clip, make_items, make_pair, make_test
from videophy_lab.annotation import (
    Task,
    TaskError,
    estimate_mturk_cost,
    export_mturk,
    import_mturk,
    make_urls,
    write_review,
)
from videophy_lab.schema import check_table

BASE = {
    "HITId": "H1",
    "AssignmentStatus": "Submitted",
    "WorkTimeInSeconds": "42",
    "SubmitTime": "Mon Feb 10 10:00:00 PST 2025",
}


class Tags(HTMLParser):
    """Collect the tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def make_task() -> Task:
    one, other = make_clip("wan", 1), make_clip("sora", 1)
    items = (*make_items([one, other]), make_pair(one, other), make_test(one, 2, tolerance=1))
    return Task(clips=(one, other), items=items)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    task = make_task()
    export_mturk(
        task,
        tmp_path,
        urls={clip.video_id: f"https://x.example/{clip.key}.mp4?a=1&b=2" for clip in task.clips},
    )
    return tmp_path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fill_page(folder: Path, kind: str, row: dict[str, str]) -> str:
    """Fill a page as Amazon does: every placeholder by its cell, as HTML."""
    page = (folder / f"{kind}.html").read_text(encoding="utf-8")
    return re.sub(r"\$\{(\w+)\}", lambda match: row[match[1]], page)


def write_results(path: Path, batch: Path, answer: object, workers: tuple[str, ...] = ("W1", "W2")) -> Path:
    """Write the results that workers leave, in the columns that the answers have."""
    rows = []
    for worker in workers:
        for number, row in enumerate(read_rows(batch)):
            inputs = {f"Input.{name}": cell for name, cell in row.items()}
            facts = {"AssignmentId": f"A-{worker}-{number}", "WorkerId": worker}
            rows.append(BASE | facts | inputs | answer(worker, row))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        # Amazon names the last two columns and leaves their cells out
        writer.writerow([*columns, "Approve", "Reject"])
        writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return path


def test_there_is_a_page_and_a_batch_for_every_kind(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{kind}.{ending}" for kind in ("pc", "sa", "rule", "pair_pc") for ending in ("html", "csv")
    )
    for kind in ("pc", "sa", "rule", "pair_pc"):
        rows = read_rows(folder / f"{kind}.csv")
        wanted = set(re.findall(r"\$\{(\w+)\}", (folder / f"{kind}.html").read_text(encoding="utf-8")))
        assert wanted <= set(rows[0])
    assert len(read_rows(folder / "pc.csv")) == 3


def test_a_page_is_a_crowd_form_with_a_button_for_every_value(folder: Path) -> None:
    page = Tags(fill_page(folder, "pc", read_rows(folder / "pc.csv")[0]))
    names = [tag for tag, _ in page.found]
    assert names.count("crowd-form") == 1
    assert names.count("crowd-radio-group") == 1
    buttons = [attributes for tag, attributes in page.found if tag == "crowd-radio-button"]
    assert [(button["name"], button["value"]) for button in buttons] == [
        ("pc", str(n)) for n in (5, 4, 3, 2, 1)
    ]
    rules = Tags(fill_page(folder, "rule", read_rows(folder / "rule.csv")[0]))
    assert [tag for tag, _ in rules.found].count("crowd-radio-button") == 6
    assert [tag for tag, _ in rules.found].count("crowd-text-area") == 1


def test_captions_are_shown_as_text_and_only_where_they_are_asked_about(folder: Path) -> None:
    for kind in ("sa", "pc", "rule", "pair_pc"):
        row = read_rows(folder / f"{kind}.csv")[0]
        page = Tags(fill_page(folder, kind, row))
        plain_page = Tags(fill_page(folder, kind, dict.fromkeys(row, "x")))
        assert [tag for tag, _ in page.found] == [tag for tag, _ in plain_page.found]
        assert "hacked" not in "".join(str(attributes) for _, attributes in page.found)
        assert (f"Video 1: {TRICKY}" in page.text) == (kind == "sa")
        assert [tag for tag, _ in page.found].count("script") == 2
        videos = [attributes["src"] for tag, attributes in page.found if tag == "video"]
        assert all(re.fullmatch(r"https://x\.example/\w+\.mp4\?a=1&b=2", src) for src in videos)
        assert len(videos) == (2 if kind == "pair_pc" else 1)
        for secret in ("wan/", "sora/", "tolerance"):
            assert secret not in page.text + str(page.found)


def test_a_batch_holds_no_character_that_amazon_does_not_take(tmp_path: Path) -> None:
    clip = make_clip("wan", 1)
    clip = type(clip)(**{**vars(clip), "caption": "A \U0001f980 runs.\nIt stops. “Ça va”"})
    task = Task(clips=(clip,), items=tuple(make_items([clip], ("sa",))))
    export_mturk(task, tmp_path, urls={clip.video_id: "https://x.example/1.mp4"})
    text = (tmp_path / "sa.csv").read_text(encoding="utf-8")
    assert max(map(ord, text)) < 0x10000
    assert len(text.splitlines()) == 2
    assert (
        html.unescape(read_rows(tmp_path / "sa.csv")[0]["caption"]) == "A \U0001f980 runs. It stops. “Ça va”"
    )


def plain(worker: str, row: dict) -> dict:
    return {"Answer.pc": "4" if worker == "W1" else "2"}


def buttons(worker: str, row: dict) -> dict:
    value = "4" if worker == "W1" else "2"
    return {f"Answer.pc.{n}": "true" if str(n) == value else "false" for n in range(1, 6)}


def task_answers(worker: str, row: dict) -> dict:
    value = "4" if worker == "W1" else "2"
    return {"Answer.taskAnswers": json.dumps([{"pc": {str(n): str(n) == value for n in range(1, 6)}}])}


@pytest.mark.parametrize("form", [plain, buttons, task_answers])
def test_results_come_back_as_ratings_in_every_form(folder: Path, tmp_path: Path, form: object) -> None:
    results = import_mturk(write_results(tmp_path / "results.csv", folder / "pc.csv", form))
    collected = results.collected
    ratings = check_table(collected.ratings, "ratings")
    assert ratings.set_index(["annotator", "generator"])["rating"].to_dict() == {
        ("W1", "wan"): 4, ("W1", "sora"): 4, ("W2", "wan"): 2, ("W2", "sora"): 2,
    }  # fmt: skip
    assert set(ratings["seconds"]) == {42}
    assert set(ratings["given_at"]) == {"2025-02-10T18:00:00.000Z"}
    assert collected.checks.set_index("annotator")["right"].to_dict() == {"W1": 0, "W2": 1}
    assert (results.refused, results.n_assignments) == ((), 6)


def test_rules_and_what_workers_add_come_back(folder: Path, tmp_path: Path) -> None:
    given = {
        "rule_1": {"0": False, "1": True, "2": False},
        "rule_2": {"0": True, "1": False, "2": False},
        "more": "It\nmelts.",
    }
    path = write_results(
        tmp_path / "r.csv",
        folder / "rule.csv",
        lambda worker, row: {"Answer.taskAnswers": json.dumps([given])},
        ("W1",),
    )
    collected = import_mturk(path).collected
    assert collected.ratings.groupby("rule_id")["rating"].first().to_dict() == {"r1": 1, "r2": 0}
    assert set(collected.ratings["rule"]) == {rule.text for rule in RULES}
    assert set(collected.ratings["law"].dropna()) == {"gravity"}
    assert set(collected.ratings["seconds"]) == {21}
    assert list(collected.violations["violation"]) == ["It melts."] * 2


def test_sides_of_pairs_are_put_back(folder: Path, tmp_path: Path) -> None:
    path = write_results(
        tmp_path / "r.csv", folder / "pair_pc.csv", lambda worker, row: {"Answer.pair_pc": "left"}, ("W1",)
    )
    row = read_rows(folder / "pair_pc.csv")[0]
    assert import_mturk(path).collected.pairs["preferred"].tolist() == [row["sides"][0]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"AssignmentStatus": "Rejected"}, "rejected"),
        ({"Answer.pc": ""}, "it has no answer"),
        ({"Answer.pc": "9"}, "its answer is '9'; allowed: 5, 4, 3, 2, 1"),
        ({"Answer.pc": "", "Answer.pc.1": "true", "Answer.pc.2": "true"}, "it has no answer"),
        ({"Answer.pc": "", "Answer.taskAnswers": "{"}, "no JSON"),
        ({"WorkerId": " "}, "names no worker"),
        ({"Input.kind": "beauty"}, "is unknown"),
        ({"Input.videos": "torn"}, "Expecting value"),
    ],
)
def test_an_assignment_that_does_not_count_is_named_with_the_reason(
    folder: Path, tmp_path: Path, change: dict, reason: str
) -> None:
    def give(worker: str, row: dict) -> dict:
        return {"Answer.pc": "3"} | (change if row["role"] == "work" and "wan" in row["item_id"] else {})

    results = import_mturk(write_results(tmp_path / "r.csv", folder / "pc.csv", give, ("W1",)))
    assert len(results.refused) == 1
    assert reason in results.refused[0][2]
    assert list(results.collected.ratings["generator"]) == ["sora"]


def test_who_is_approved_is_written_into_the_results(folder: Path, tmp_path: Path) -> None:
    results = write_results(tmp_path / "r.csv", folder / "pc.csv", plain)
    assert write_review(results, tmp_path / "reviewed.csv", rejected={"W2": "the video was not opened"}) == 3
    reviewed = pd.read_csv(tmp_path / "reviewed.csv", keep_default_na=False)
    assert set(reviewed.loc[reviewed["WorkerId"].eq("W1"), "Approve"]) == {"x"}
    assert set(reviewed.loc[reviewed["WorkerId"].eq("W2"), "Reject"]) == {"the video was not opened"}
    again = import_mturk(tmp_path / "reviewed.csv")
    assert (len(again.refused), set(again.collected.ratings["annotator"])) == (3, {"W1"})
    with pytest.raises(TaskError, match="'W9' is no worker"):
        write_review(results, tmp_path / "other.csv", rejected={"W9": "nobody"})


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "AssignmentId,WorkerId\nA,W\n"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(TaskError, match="give the results file of a batch"):
        import_mturk(tmp_path / "r.csv")


def test_addresses_are_of_the_web_and_of_every_video(tmp_path: Path) -> None:
    videos = pd.DataFrame(
        {"video_id": ["a", "b"], "path": ["x/1 é.mp4", "2.mp4"], "url": ["https://x/1", None]}
    )
    assert make_urls(videos) == {"a": "https://x/1"}
    assert make_urls(videos, "https://y/z/")["a"] == "https://y/z/x/1%20%C3%A9.mp4"
    with pytest.raises(TaskError, match="workers need an address"):
        make_urls(videos.drop(columns="url"))
    for wrong in ("http://x/1.mp4", "file:///1.mp4", ""):
        with pytest.raises(TaskError, match="must begin with https"):
            export_mturk(make_task(), tmp_path, urls=dict.fromkeys(make_task().by_video, wrong))


def test_costs_are_the_rewards_and_amazons_share() -> None:
    cost = estimate_mturk_cost(100, assignments=3, seconds=60, reward=0.30)
    assert (cost.rewards, cost.fees, cost.total) == pytest.approx((90, 18, 108))
    assert cost.pay_per_hour == pytest.approx(18)
    assert cost.hours == pytest.approx(5)
    many = estimate_mturk_cost(100, assignments=10, seconds=60, reward=0.30)
    assert many.fees / many.rewards == pytest.approx(0.4)
    assert estimate_mturk_cost(1, assignments=9, seconds=60, reward=0.30).fee == pytest.approx(0.06)
    assert estimate_mturk_cost(1, seconds=60, reward=0.02).fee == pytest.approx(0.01)
    assert estimate_mturk_cost(1, seconds=60, reward=1, masters=True).fee == pytest.approx(0.25)
    assert estimate_mturk_cost(1, seconds=61, pay_per_hour=18).reward == pytest.approx(0.31)
    assert "$108.00 in all; $18.00 an hour" in str(cost)
    for wrong in ({}, {"reward": 1, "pay_per_hour": 1}, {"reward": 0}, {"reward": 1, "assignments": 0}):
        with pytest.raises(ValueError, match=r"allowed|either|least"):
            estimate_mturk_cost(1, **{"seconds": 60, **wrong})
