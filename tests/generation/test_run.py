"""From prompts to files, side-cars and tables, and what is not made twice."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.conftest import GOLDEN
from tests.generation.makers import Absent, Crowd, Fader, Finder, Worlds
from videophy_lab.generation import generate_videos
from videophy_lab.generators.base import GeneratorStoppedError
from videophy_lab.schema import TableError, check_table, make_prompt_id, read_table
from videophy_lab.video import FrameView, decode_clip


def make_prompts(*captions: str, **columns: list) -> pd.DataFrame:
    names = [make_prompt_id(caption) for caption in captions]
    return pd.DataFrame({"prompt_id": names, "caption": captions, **columns})


PROMPTS = make_prompts("A lamp is turned up.", "A candle burns down.", action=["light", None])


def make(generator=None, prompts=PROMPTS, **options) -> pd.DataFrame:
    return generate_videos(generator or Fader(), prompts, progress=False, **options).rows


def read_sidecar(out: Path, row: pd.Series) -> dict:
    return json.loads((out / Path(*row.video_id.split("/"))).with_suffix(".json").read_text())


def test_a_run_leaves_files_side_cars_and_tables(tmp_path: Path) -> None:
    rows = make(out=tmp_path, seeds=[0, 5])
    assert rows["video_id"].tolist() == [
        f"fader/{name}/{seed}" for name in PROMPTS["prompt_id"] for seed in (0, 5)
    ]
    assert rows["status"].eq("ok").all()
    assert rows["caption_used"].tolist()[:2] == ["A LAMP IS TURNED UP."] * 2
    assert rows["truncated_tokens"].eq(2).all()
    assert rows["law"].eq("light").all()
    assert rows["action"].tolist()[0] == "light"
    for row in rows.itertuples():
        clip = decode_clip(row.path, [FrameView()])
        assert clip.info.frames == row.frames == 9
        assert clip.info.fps == row.fps == 8.0
        frames = clip.frames[FrameView()]
        np.testing.assert_allclose(frames[-1].mean(), 200 + row.seed, atol=1.5)
        sidecar = read_sidecar(tmp_path, row)
        assert sidecar["sha256"] == row.sha256
        assert sidecar["text"] == row.caption_used
        assert sidecar["tokens"] == 7
        assert sidecar["seed"] == row.seed
        assert sidecar["description"] == {"level": 200, "size": 32}
        assert sidecar["settings"] == {"start": 128.0, "step": 9}
        assert {"python", "numpy", "videophy-lab"} <= set(sidecar["versions"])
        assert sidecar["seconds"] >= 0
        assert Path(row.path).with_name(f"{row.seed}.levels.csv").read_text() == "level\n128\n"
    assert not [path for path in tmp_path.rglob("*") if ".part" in path.name]


def test_the_tables_are_those_of_the_contract(tmp_path: Path) -> None:
    rows = make(out=tmp_path)
    videos = read_table(tmp_path / "videos.csv", "videos")
    assert videos["path"].tolist() == [f"{name}.mp4" for name in sorted(rows["video_id"])]
    assert set(rows.columns) == set(videos.columns)
    ratings = read_table(tmp_path / "ratings.csv", "ratings")
    assert ratings.groupby("task")["rating"].agg(["size", "sum"]).loc["pc"].tolist() == [2, 2]
    rules = read_table(tmp_path / "rules.csv", "rules")
    assert rules["rule"].eq("The light rises.").all()
    assert set(ratings.query("task == 'rule'")["rule_id"]) == set(rules["rule_id"])
    costs = pd.read_csv(tmp_path / "costs.csv")
    assert costs["cost"].tolist() == [0.1, 0.1]
    assert "seconds" not in videos.columns


def test_a_folder_of_made_videos_is_a_videos_table_that_can_be_scored(tmp_path: Path) -> None:
    prompts = make_prompts("A lamp is turned up.", "It is refused.")
    made = make(prompts=prompts, out=tmp_path / "run")
    loaded = lab.load_videos(tmp_path / "run")
    pd.testing.assert_frame_equal(
        loaded.sort_values("video_id", ignore_index=True), made.sort_values("video_id", ignore_index=True)
    )
    scores = lab.score(tmp_path / "run", ["contrast"], out=tmp_path / "run", progress=False)
    assert dict(zip(scores["video_id"], scores["status"], strict=True)) == {
        made["video_id"][0]: "ok",
        made["video_id"][1]: "failed",
    }
    by_table = lab.score(tmp_path / "run" / "videos.csv", ["contrast"], out=tmp_path / "run", progress=False)
    assert by_table["score"].equals(scores["score"])


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = make(Fader(log=str(log)), out=tmp_path / "run")
    again = generate_videos(Fader(log=str(log)), PROMPTS, out=tmp_path / "run", seeds=[0, 1], progress=False)
    assert again.made == 2
    assert sorted(log.read_text().split()) == sorted(again.rows["video_id"])
    assert set(first["sha256"]) < set(again.rows["sha256"])


@pytest.mark.parametrize("harm", ["cut", "gone", "side-car"])
def test_a_file_that_is_not_as_it_was_made_is_made_again(tmp_path: Path, harm: str) -> None:
    first = make(out=tmp_path)
    path = Path(first["path"][0])
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif harm == "gone":
        path.unlink()
    else:
        path.with_suffix(".json").write_text('{"video_id": "cut of')
    outcome = generate_videos(Fader(), PROMPTS, out=tmp_path, progress=False)
    assert outcome.made == 1
    assert outcome.rows["sha256"].equals(first["sha256"])


def test_what_fails_is_a_row_with_its_reason_and_is_tried_again_on_request(tmp_path: Path) -> None:
    captions = ["A lamp is turned up.", "It raises.", "It is refused.", "It is broken.", "It is odd."]
    prompts = make_prompts(*captions)
    rows = make(Fader(calls=5), prompts, out=tmp_path)
    assert rows["status"].tolist() == ["ok", "failed", "failed", "failed", "failed"]
    reasons = rows["error"].tolist()
    assert reasons[1] == "RuntimeError: no such thing 17"
    assert reasons[2] == "the service finds it unfit"
    assert "the file that was made" in reasons[3]
    assert str(tmp_path) not in reasons[3]
    assert "uint8" in reasons[4]
    assert rows["path"].notna().tolist() == [True, False, False, False, False]
    costs = pd.read_csv(tmp_path / "costs.csv").set_index("video_id")["cost"]
    assert costs[rows["video_id"][2]] == 0.25
    assert generate_videos(Fader(), prompts, out=tmp_path, progress=False).made == 0
    again = generate_videos(Fader(), prompts, out=tmp_path, retry=["failed"], progress=False)
    assert again.made == 4
    check_table(again.rows, "videos")


def test_one_order_that_raises_takes_no_other_with_it(tmp_path: Path) -> None:
    prompts = make_prompts("It raises.", "A lamp is turned up.", "A candle burns down.")
    rows = make(Fader(calls=3), prompts, out=tmp_path)
    assert rows["status"].tolist() == ["failed", "ok", "ok"]


def test_a_generator_that_can_do_no_more_ends_the_run_and_keeps_the_rest(tmp_path: Path) -> None:
    prompts = make_prompts("A lamp is turned up.", "It stops.", "A candle burns down.")
    with pytest.raises(GeneratorStoppedError, match="export another"):
        make(out=tmp_path, prompts=prompts)
    assert len(read_table(tmp_path / "videos.csv", "videos")) == 1


def test_orders_that_do_not_concern_a_generator_are_not_made_and_not_missing(tmp_path: Path) -> None:
    prompts = make_prompts("There is music.", "A lamp is turned up.")
    outcome = generate_videos(Fader(), prompts, out=tmp_path, progress=False)
    assert len(outcome.rows) == outcome.plan.n_wanted == 1
    assert "1 pairs of a prompt and a generator do not go together" in outcome.plan.notes[0]
    assert "music cannot be seen" in outcome.plan.notes[0]
    with pytest.raises(ValueError, match="no prompt concerns fader: music cannot be seen"):
        make(prompts=prompts.head(1), out=tmp_path)


def test_a_generator_may_stand_for_several(tmp_path: Path) -> None:
    rows = make(Worlds(), out=tmp_path)
    assert rows["generator"].unique().tolist() == ["worlds", "worlds-dark", "worlds-dim"]
    assert rows["sha256"].nunique() == 3
    mine = make({"mine": Worlds()}, out=tmp_path)
    assert mine["video_id"].str.startswith("mine").all()


def test_other_settings_or_texts_under_one_name_are_refused(tmp_path: Path) -> None:
    make(out=tmp_path)
    with pytest.raises(ValueError, match=r"level 200 there, 90 now; .*Remedy: give another --out"):
        make(Fader(level=90), out=tmp_path)
    other = PROMPTS.assign(caption="Another text")
    with pytest.raises(ValueError, match="caption A lamp"):
        make(prompts=other, out=tmp_path)
    assert len(make({"dim": Fader(level=90)}, out=tmp_path)) == 2


def test_names_become_safe_paths(tmp_path: Path) -> None:
    names = ["../../etc/passwd", "a b/c", "ü" * 300, "plain-1.0", "..", "-x"]
    prompts = pd.DataFrame({"prompt_id": names, "caption": [f"Lamp {n}." for n in range(len(names))]})
    rows = make({"my world/α": Fader()}, prompts, out=tmp_path / "in")
    assert rows["prompt_id"].tolist() == names
    paths = [Path(path).resolve() for path in rows["path"]]
    assert len(set(paths)) == len(names)
    assert all(path.is_relative_to(tmp_path / "in") and path.is_file() for path in paths)
    assert all(len(part) < 120 and part.isascii() for path in paths for part in path.parts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_finished_files_are_kept_byte_for_byte(tmp_path: Path) -> None:
    source = GOLDEN / "videos" / "slide_20f_portrait.mp4"
    outcome = generate_videos(Finder(file=str(source)), PROMPTS.assign(caption=None), out=tmp_path,
                              progress=False)  # fmt: skip
    assert [Path(path).read_bytes() for path in outcome.rows["path"]] == [source.read_bytes()] * 2
    assert outcome.notes == ("finder: one file is left over",)


def test_prompts_without_captions_are_refused_with_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"591 of 591 prompts have no caption .* give hub:videophy2"):
        make(prompts="videophy2", out=tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": [-1]}, "seeds are -1; allowed"),
        ({"seeds": [1, 1]}, "each once"),
        ({"seeds": []}, "seeds are none"),
        ({"seeds": [0.5]}, "whole numbers"),
        ({"limit": 0}, "limit is 0"),
        ({"workers": 0}, "workers is 0"),
        ({"engine": "rya"}, "did you mean ray"),
        ({"retry": ["unscored"]}, "allowed: failed"),
        ({"generator": "simulatd"}, "Did you mean simulated"),
        ({"prompts": PROMPTS.head(0)}, "there is no prompt in it"),
        ({"prompts": "nothing.csv"}, "no such source"),
    ],
)
def test_what_cannot_be_is_said_with_the_remedy(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(out=tmp_path, **options)


def test_a_limit_takes_prompts_from_the_top(tmp_path: Path) -> None:
    assert make(out=tmp_path, limit=1)["prompt_id"].tolist() == PROMPTS["prompt_id"].tolist()[:1]


def test_a_full_disk_ends_the_run_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(out=tmp_path, limit=1)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("videophy_lab.video.encode.os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        make(out=tmp_path)
    monkeypatch.undo()
    assert not [path for path in tmp_path.rglob("*") if ".part" in path.name]
    assert generate_videos(Fader(), PROMPTS, out=tmp_path, progress=False).made == 1


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    outcome = generate_videos(Fader(), PROMPTS, out=tmp_path / "run", dry_run=True)
    assert outcome.plan.n_missing == 2
    assert not (tmp_path / "run").exists()


def test_a_dry_run_fetches_nothing_and_says_what_a_run_would(tmp_path: Path) -> None:
    make({"absent": Fader()}, out=tmp_path)
    outcome = generate_videos(Absent(), PROMPTS, out=tmp_path, seeds=[0, 1], dry_run=True)
    assert outcome.plan.notes == (
        "absent has to fetch the weights a/b, 3.0 GB, from the hub",
        "absent: not for sale",
    )
    assert outcome.plan.n_missing == 2


def test_several_processes_make_the_same_videos(tmp_path: Path) -> None:
    prompts = make_prompts(*(f"Lamp {number}." for number in range(5)), "It raises.")
    spread = make(Crowd(), prompts, out=tmp_path / "several", workers=2)
    alone = make(Crowd(), prompts, out=tmp_path / "one", workers=1)
    assert spread["status"].tolist() == ["ok"] * 5 + ["failed"]
    assert spread["sha256"].equals(alone["sha256"])
    assert spread["error"].equals(alone["error"])


def test_a_process_that_dies_ends_the_run_with_what_to_type(tmp_path: Path) -> None:
    prompts = make_prompts("A lamp is turned up.", "It dies.")
    with pytest.raises(OSError, match="--workers 1"):
        make(Crowd(), prompts, out=tmp_path, workers=2)


def test_a_stop_in_a_process_is_the_same_stop(tmp_path: Path) -> None:
    with pytest.raises(GeneratorStoppedError, match="export another"):
        make(Crowd(), make_prompts("It stops.", "A lamp."), out=tmp_path, workers=2)


def test_the_public_function_gives_notes_as_warnings(tmp_path: Path) -> None:
    prompts = make_prompts("There is music.", "A lamp is turned up.")
    with pytest.warns(UserWarning, match="music cannot be seen"):
        rows = lab.generate(Fader(), prompts, out=tmp_path, progress=False)
    assert len(rows) == 1
