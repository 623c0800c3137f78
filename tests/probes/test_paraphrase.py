"""Paraphrases of a language model: priced first, asked once, checked; with a reason where there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import videophy_lab as lab
from tests.bad_server import BadServer, find_texts
from tests.llm.made_models import KEY, VARIABLE
from tests.probes.clips import CAPTIONS, write_videos
from videophy_lab.probes import probe_videos
from videophy_lab.probes.paraphrase import Paraphraser
from videophy_lab.probes.summary import describe_outcome, describe_plan

NAMES = (("wan", "p", 0), ("wan", "q", 0), ("sora", "p", 0))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


def say_otherwise(body: dict) -> str:
    """Answer as a model does that was asked for so many versions of a caption."""
    words = json.dumps(body)
    caption = re.findall(r"Caption: ([^\"\\]+)", words)[0]
    count = int(re.findall(r"in other words, (\d+) times", words)[0])
    return json.dumps({"versions": [f"Version {number}: {caption.lower()}" for number in range(count)]})


def make_options(server: BadServer, folder: Path, **options: object) -> dict[str, object]:
    given = {
        "model": "gpt-4.1",
        "base_url": f"{server.address}/v1",
        "key_variable": VARIABLE,
        "cache": str(folder / "answers"),
        "price": "2,10",
        "attempts": 2,
        "timeout": 5.0,
        "backoff": 0.01,
    }
    return {f"paraphraser.{name}": value for name, value in (given | options).items()}


def test_a_dry_run_tells_the_price_and_a_run_asks_each_caption_once(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", NAMES)
    with BadServer(write=say_otherwise) as server:
        given = {"out": tmp_path / "out", "options": make_options(server, tmp_path), "paraphrases": 2}
        planned = probe_videos(videos, ["caption_paraphrase"], dry_run=True, **given)
        told = describe_plan(planned)
        assert re.search(r"paraphrases: 2 calls of gpt-4\.1: about \$0\.\d\d \(assumed", told)
        assert not server.calls
        outcome = probe_videos(videos, ["caption_paraphrase"], workers=1, progress=False, **given)
        assert len(server.asked) == 2
        again = probe_videos(videos, ["caption_paraphrase"], workers=1, progress=False, **given)
        assert len(server.asked) == 2, "what is in the cache is not asked again"
        assert "0 calls of gpt-4.1" in describe_plan(
            probe_videos(videos, "caption_paraphrase", dry_run=True, **given)
        )
        assert "2 captions are in the cache, 0 to pay" in describe_plan(again)
    rows = outcome.rows[outcome.rows["probe"].fillna("").str.startswith("caption")]
    assert rows["probe"].tolist() == ["caption_paraphrase_1", "caption_paraphrase_2"] * 3
    assert rows["caption"].tolist()[:2] == [f"Version {number}: {CAPTIONS['p'].lower()}" for number in (0, 1)]
    assert rows["status"].eq("ok").all()
    assert again.rows.equals(outcome.rows)
    # whichever of the two came first
    sent = [text for call in server.asked for text in find_texts(call)]
    assert any(CAPTIONS["p"] in text and "2 times" in text for text in sent)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_answers_that_are_no_paraphrases_are_rows_with_reasons(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", NAMES[:2])

    def write(body: dict) -> str:
        same = CAPTIONS["p"] in json.dumps(body)
        versions = [
            CAPTIONS["p"].upper() if same else "A cup drops off a table.",
            "a CUP drops off  a table.",
        ]
        return json.dumps({"versions": versions})

    with BadServer(write=write) as server:
        outcome = probe_videos(
            videos, ["caption_paraphrase"], out=tmp_path / "out", options=make_options(server, tmp_path),
            paraphrases=2, workers=1, progress=False,
        )  # fmt: skip
    rows = outcome.rows.set_index(["video_id", "probe"])
    first = rows.loc[("wan/p/0", "caption_paraphrase_1")]
    assert (first["status"], first["error"]) == (
        "failed", f"no paraphrase: a paraphrase is the caption itself: {CAPTIONS['p']!r}",
    )  # fmt: skip
    assert rows.loc[("wan/p/0", "caption_paraphrase_2"), "status"] == "ok"
    twin = rows.loc[("wan/q/0", "caption_paraphrase_2")]
    assert "two paraphrases of the caption" in twin["error"]
    assert "2 failed" in describe_outcome(outcome)
    scores = lab.score(tmp_path / "out", ["constant"], tasks=["sa"], out=tmp_path / "scores", progress=False)
    assert scores["status"].value_counts().to_dict() == {"ok": 6, "failed": 2}


@pytest.mark.parametrize("plan", ["prose", "range", "400", "cut"])
def test_a_server_that_fails_one_caption_fails_no_other(tmp_path: Path, plan: str) -> None:
    videos = write_videos(tmp_path / "videos", NAMES[:2])
    with BadServer(plans=(("good",), (plan,)), write=say_otherwise) as server:
        rows = lab.probe(
            videos, ["caption_paraphrase"], out=tmp_path / "out", options=make_options(server, tmp_path),
            workers=1, progress=False,
        )  # fmt: skip
    asked = rows[rows["probe"].eq("caption_paraphrase_1")]
    assert sorted(asked["status"]) == ["failed", "ok"]
    assert asked.loc[asked["status"].eq("failed"), "error"].str.startswith("no paraphrase: ").all()


def test_a_wrong_key_ends_the_run_before_anything_is_made(tmp_path: Path) -> None:
    videos = write_videos(tmp_path / "videos", NAMES[:2])
    with BadServer(plans=(("401",),)) as server, pytest.raises(OSError, match=r"^paraphraser: ") as caught:
        lab.probe(
            videos, ["caption_paraphrase"], out=tmp_path / "out", options=make_options(server, tmp_path),
            progress=False,
        )  # fmt: skip
    assert KEY not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_paraphraser_that_cannot_be_is_refused() -> None:
    for options, message in (
        ({"model": "m", "provider": "acme"}, "provider is 'acme'"),
        ({"model": " "}, "needs a model"),
        ({"model": "m", "key_variable": "sk-secret"}, "key_variable must be the name"),
    ):
        with pytest.raises(ValueError, match=message):
            Paraphraser(**options)
