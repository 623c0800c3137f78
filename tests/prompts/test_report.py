"""The notebook of how prompts were made, on a folder of every step, and on one that has just begun."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.prompts.made_tokenizers import save_clip_tokenizer
from tests.prompts.scribe import ACTIONS, make_caption
from videophy_lab.prompts import (
    HardRule,
    check_tokens,
    choose_hard,
    gather_actions,
    load_tokenizer,
    read_folder,
)
from videophy_lab.prompts.actions import Named
from videophy_lab.prompts.folder import FILES, write_rows
from videophy_lab.prompts.review import ACTIONS as SUBJECT
from videophy_lab.prompts.review import read_reviews
from videophy_lab.prompts.settling import keep_final, settle
from videophy_lab.report import run_report
from videophy_lab.schema import make_prompt_id

PARAMS = "title: A benchmark\nparameters: {folder: bench, n_examples: 3}\nnotebooks: [prompts]\n"
BOTH = """\
title: A benchmark
notebooks:
  - {notebook: prompts, parameters: {folder: bench, n_examples: 3}}
  - {notebook: leaderboard, parameters: {ratings: ratings.csv, hard_prompts: bench/hard_prompts.csv}}
"""


def make_bench(bench: Path) -> pd.DataFrame:
    """Write every step's table; give ratings of the reference and of another generator."""
    actions = gather_actions({"ucf101": [Named(name) for name in ACTIONS], "csv": [Named("pole vault")]})
    criteria = actions["action"].map({name: criterion for name, (criterion, _) in ACTIONS.items()})
    decisions = actions.assign(
        criterion=criteria,
        decision=criteria.eq("visible_physics").map({True: "keep", False: "drop"}),
        reason="r",
    )
    kept = set(decisions.loc[decisions["decision"].eq("keep"), "action"])
    for reviewer, without in (("ana", set()), ("ben", {"pole vault"})):
        words = ["keep" if action in kept - without else "drop" for action in decisions["action"]]
        filled = decisions[["action"]].assign(reviewer=reviewer, decision=words, note="")
        write_rows(filled, bench, f"review_{reviewer}.csv")
    reviews = read_reviews(
        [bench / f"review_{name}.csv" for name in ("ana", "ben")], decisions, subject=SUBJECT
    )
    decided = settle(decisions, reviews, subject=SUBJECT)
    final = keep_final(decided, subject=SUBJECT)
    rows = [
        {"caption": make_caption(action, number)["caption"], "action": action}
        for action in final["action"]
        for number in range(4)
    ]
    captions = pd.DataFrame(rows)
    captions.insert(0, "prompt_id", captions["caption"].map(make_prompt_id))
    lengthened = captions["caption"] + " " + captions["caption"]
    clip = load_tokenizer(str(save_clip_tokenizer(bench.parent / "clip")))
    prompts = check_tokens(captions.assign(upsampled_caption=lengthened.where(captions.index != 0)), clip)
    ratings = prompts[["prompt_id", "action"]].merge(pd.DataFrame({"task": ["sa", "pc"]}), "cross")
    ratings = ratings.assign(video_id="ref/" + ratings["prompt_id"] + "/0", generator="ref")
    ratings["rating"] = ratings["action"].eq("bouncing ball").map({True: 1, False: 5})
    hard = choose_hard(prompts, ratings.drop(columns="action"), reference="ref", rule=HardRule())
    refused = {"caption": ["x", "y"], "check": ["length", "short"], "reason": ["3 words", "3 of 4"]}
    lost = {"upsampled_caption": ["z"], "check": ["lost meaning"], "reason": ["a dog is gone"]}
    rules = {"video_id": ["v"], "rule_id": ["r"], "rule": ["It falls."], "law": ["Gravity"]}
    keys = pd.DataFrame({"video_id": "v", "rule_id": [*"rstu"]})
    said = {"ana": ["keep", "keep", "keep", "drop"], "ben": ["keep", "keep", "drop", "drop"]}
    tables = {
        "rule_reviews": pd.concat([keys.assign(reviewer=who, decision=w) for who, w in said.items()]),
        "actions": actions, "decisions": decisions, "reviews": reviews, "decided": decided, "kept": final,
        "captions": captions, "caption_failures": pd.DataFrame(refused), "prompts": prompts,
        "upsampling_failures": pd.DataFrame(lost), "hard_prompts": hard.prompts, "hard_actions": hard.actions,
        "rules": pd.DataFrame(rules),
    }  # fmt: skip
    for name, table in tables.items():
        write_rows(table, bench, FILES[name])
    other = ratings.assign(generator="other", video_id="other" + ratings["video_id"].str[3:], rating=5)
    return pd.concat([ratings, other]).drop(columns="action")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prompts") / "mine"
    folder.mkdir()
    write_rows(make_bench(folder / "bench"), folder, "ratings.csv")
    (folder / "params.yaml").write_text(BOTH, encoding="utf-8")
    run_report(folder, progress=False)
    return folder


def test_every_step_is_counted(report: Path) -> None:
    steps = pd.read_csv(report / "tables" / "prompts_steps.csv").set_index("step")
    assert steps["n_actions"].to_dict() == {
        "imported": 12, "kept by the model": 9, "kept by people": 8, "with captions": 8,
        "with upsampled captions": 8, "hard": 1,
    }  # fmt: skip
    assert steps["n_prompts"].dropna().tolist() == [32, 31, 4]
    origins = pd.read_csv(report / "tables" / "prompts_origins.csv").set_index("origin")["n_actions"]
    assert origins.to_dict() == {"ucf101": 11, "ucf101; csv": 1}
    agreement = pd.read_csv(report / "tables" / "prompts_agreement.csv").set_index(["reviewed", "quantity"])
    # of 12 they differ on one: κ = (11/12 − 1/2 · …) by hand, with 9 and 8 kept
    expected = (9 * 8 + 3 * 4) / 144
    kappa = agreement["estimate"].xs("kappa", level="quantity")
    assert kappa["actions"] == pytest.approx((11 / 12 - expected) / (1 - expected))
    # of four rules they differ on one: three quarters, and a half by chance
    assert kappa["rules"] == pytest.approx((3 / 4 - 1 / 2) / (1 - 1 / 2))
    assert agreement["n_videos"].tolist() == [12, 12, 4, 4]


def test_the_page_says_what_was_found(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "Actions: 12 imported; 9 kept by the model; 8 kept by people; 8 with captions" in page
    assert "ana and ben agree on keeping actions with κ = 0.80" in page
    assert "ana and ben agree on keeping rules with κ = 0.50" in page
    assert "(n = 4 rules of 1 prompt)" in page
    assert "The commonest refusal of captions is" in page
    assert "The upsampled caption has " in page
    assert "of 31 have more than 77." in page
    assert "not checked" not in page
    # Wilson's 95 % interval of 0 of 4 ends at 3.84 / (4 + 3.84)
    assert "1 of 8 actions are hard; on the hard one with the fewest videos" in page
    assert "rate may be as high as 49 % (n = 4 videos)." in page
    assert (report / "figures" / "prompts_lengths.png").stat().st_size > 5000
    examples = pd.read_csv(report / "tables" / "prompts_examples.csv")
    assert examples["action"].is_unique
    estimates = pd.read_csv(report / "estimates.csv")
    made = estimates[estimates["notebook"].eq("prompts")] if "notebook" in estimates.columns else estimates
    assert set(made["quantity"]) == {"kappa", "exact_agreement", "joint"}


def test_the_reference_has_no_rank_on_the_hard_subset_that_it_chose(report: Path) -> None:
    table = pd.read_csv(report / "tables" / "leaderboard_joint_hard.csv").set_index("generator")
    assert table["n_prompts"].tolist() == [4, 4]
    assert table["estimate"].to_dict() == {"other": 1.0, "ref": 0.0}
    assert table["rank"].isna().to_dict() == {"other": False, "ref": True}
    everywhere = pd.read_csv(report / "tables" / "leaderboard_joint.csv")
    assert everywhere["rank"].notna().all()


def test_a_folder_that_has_just_begun(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    write_rows(gather_actions({"csv": [Named("pole vault")]}), folder / "bench", FILES["actions"])
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    run_report(folder, progress=False)
    assert "Actions: 1 imported." in (folder / "index.html").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="holds no table of a benchmark in the making"):
        read_folder(tmp_path)


def test_a_folder_that_begins_with_captions_that_nobody_counted(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    more = "Behind it stands a long wall of grey stone."
    texts = [f"{make_caption(action, 0)['caption']} {more}" for action in list(ACTIONS)[:3]]
    captions = pd.DataFrame({"caption": texts, "action": list(ACTIONS)[:3]})
    captions.insert(0, "prompt_id", captions["caption"].map(make_prompt_id))
    write_rows(check_tokens(captions, None), folder / "bench", FILES["captions"])
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    run_report(folder, progress=False)
    page = (folder / "index.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "Actions: 3 with captions." in page
    assert "were with captions" not in page
    assert "not checked for 3 of 3 captions: make the captions with --tokenizer openai/clip" in page
    assert "more than 77" not in page
    assert not (folder / "figures" / "prompts_lengths.png").exists()
