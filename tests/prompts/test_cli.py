"""From twelve seed actions to captions, upsampled captions, videos and rules, as a stranger types it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.bad_server import BadServer
from tests.prompts.commands import fill_in, list_options, run
from tests.prompts.made_tokenizers import save_clip_tokenizer, save_mistral
from tests.prompts.scribe import ACTIONS, KEY, Scribe
from videophy_lab.prompts import read_folder
from videophy_lab.schema import read_table
from videophy_lab.training.examples import make_examples
from videophy_lab.video import encode_video

PER_ACTION = 4


def make_videos(prompts: pd.DataFrame, folder: Path) -> pd.DataFrame:
    rows = []
    for number, row in enumerate(prompts.to_dict("records")):
        path = folder / f"{row['prompt_id']}.mp4"
        path.parent.mkdir(exist_ok=True)
        encode_video(np.full((4, 16, 16, 3), 3 * number, np.uint8), path, fps=8)
        named = {"video_id": f"ref/{row['prompt_id']}/0", "prompt_id": row["prompt_id"], "generator": "ref"}
        rows.append(named | {"path": path.name, "caption": row["caption"]})
    return pd.DataFrame(rows)


def test_from_twelve_actions_to_rules(tmp_path: Path) -> None:
    bench = tmp_path / "bench"
    listed = "".join(f"{number} {name.title().replace(' ', '')}\n" for number, name in enumerate(ACTIONS, 1))
    (tmp_path / "classInd.txt").write_text(listed)
    (tmp_path / "labels.csv").write_text("id,name\n0,pole vault\n1,pouring milk\n")
    clip = save_clip_tokenizer(tmp_path / "clip")
    code, said, _ = run(
        "import", f"ucf101={tmp_path / 'classInd.txt'}", f"kinetics={tmp_path / 'labels.csv'}", "--out", bench
    )
    assert (code, said.splitlines()[-1]) == (0, "done: 12 actions of 12 of ucf101, 2 of kinetics")
    with BadServer(write=Scribe()) as server:
        options = list_options(server, tmp_path)
        code, said, error = run("filter", bench / "actions.csv", "--out", bench, *options)
        assert (code, said.splitlines()[-1]) == (0, "done: 12 actions: 8 keep, 3 drop, 1 merge"), error
        code, said, _ = run(
            "review", bench / "decisions.csv", "--out", bench, "--reviewer", "ana", "--reviewer", "ben"
        )
        assert code == 0
        kept = {name for name, (criterion, _) in ACTIONS.items() if criterion == "visible_physics"}
        fill_in(bench / "review_ana.csv", kept, jumping_rope="merge")
        fill_in(bench / "review_ben.csv", kept - {"pole vault"}, jumping_rope="merge")
        filled = [word for name in ("ana", "ben") for word in ("--filled", bench / f"review_{name}.csv")]
        code, said, _ = run("review", bench / "decisions.csv", "--out", bench, *filled)
        assert code == 1
        assert "12 actions: 7 kept, 1 open: 1 to settle in adjudication.csv together" in said
        fill_in(bench / "adjudication.csv", {"pole vault"})
        settled = ("--settled", bench / "adjudication.csv")
        code, said, _ = run("review", bench / "decisions.csv", "--out", bench, *filled, *settled)
        assert (code, said.splitlines()[-1]) == (0, "done: 12 actions: 8 kept, 0 open")

        words = ("--per-action", PER_ACTION, "--out", bench)
        code, said, error = run("caption", bench / "kept.csv", *words, *options)
        assert code == 0, error
        done, last = said.splitlines()[-2:]
        assert done.startswith("done: 32 captions of 8 actions; 0 refused")
        assert last.startswith("77-token check not done for ")
        assert last.endswith("Type the same with: --tokenizer openai/clip-vit-large-patch14")
        code, said, error = run(
            "upsample",
            bench / "captions.csv",
            "--upsampler",
            "chat",
            "--tokenizer",
            clip,
            "--out",
            bench,
            *options,
        )
        assert (code, said.splitlines()[-1]) == (
            0,
            "done: 32 of 32 captions are upsampled; 0 have none that keeps the meaning",
        ), error

        prompts = read_table(bench / "prompts.csv", "prompts")
        videos = make_videos(prompts, tmp_path / "videos")
        videos.to_csv(tmp_path / "videos" / "videos.csv", index=False)
        ratings = videos.drop(columns=["path", "caption"]).merge(
            pd.DataFrame({"task": ["sa", "pc"]}), "cross"
        )
        fails = ratings["prompt_id"].isin(prompts.loc[prompts["action"].eq("pole vault"), "prompt_id"])
        ratings.assign(rating=fails.map({True: 2, False: 5})).to_csv(tmp_path / "ratings.csv", index=False)
        code, said, _ = run(
            "hard",
            bench / "prompts.csv",
            "--ratings",
            tmp_path / "ratings.csv",
            "--reference",
            "ref",
            "--out",
            bench,
        )
        assert (code, said.splitlines()[-1]) == (
            0,
            "done: 1 of 8 actions are hard for ref, 4 of 32 prompts; 0 tied and left out",
        )

        code, said, error = run("rules", tmp_path / "videos" / "videos.csv", "--out", bench, *options)
        assert (code, said.splitlines()[-1]) == (
            0,
            "done: 96 rules of 32 videos; 0 videos have fewer than 3",
        ), error
        violations = videos.head(2).assign(annotator="eve", violation="The wheel slides without turning.")
        violations.to_csv(tmp_path / "violations.csv", index=False)
        merged = tmp_path / "merged"
        code, said, error = run(
            "merge", bench / "rules.csv", tmp_path / "violations.csv", "--out", merged, *options
        )
        assert (code, said.splitlines()[-1]) == (0, "done: 2 texts: 2 new"), error
        assert f"prompts review {merged / 'rules.csv'} --reviewer NAME --out {merged}" in said
        assert "to train on the added ratings too, type the same with: --ratings RATINGS" in said
        joined = tmp_path / "joined"
        code, said, error = run(
            "merge", bench / "rules.csv", tmp_path / "violations.csv", "--out", joined,
            "--ratings", tmp_path / "ratings.csv", *options,
        )  # fmt: skip
        assert (code, said.splitlines()[-1]) == (0, "done: 2 texts: 2 new"), error
        assert f"ratings: 2 of 2 added ones joined to {len(ratings)}\n" in said
        every = read_table(joined / "all_ratings.csv", "ratings")
        said = run(
            "merge", bench / "rules.csv", tmp_path / "violations.csv", "--out", tmp_path / "again",
            "--ratings", joined / "all_ratings.csv", *options,
        )[1]  # fmt: skip
        why = "left out: 2, whose annotator had labelled that rule, which counts"
        assert f"ratings: 0 of 2 added ones joined to {len(every)}; {why}\n" in said
        assert every["task"].value_counts().to_dict() == {"sa": 32, "pc": 32, "rule": 2}
        # a judge is trained on the added rules, and on none that the review dropped
        for rules, n_added in ((joined / "rules.csv", 2), (bench / "rules.csv", 0)):
            made = make_examples(joined / "all_ratings.csv", tmp_path / "videos" / "videos.csv", rules=rules)
            learnt = made.table[made.table["task"].eq("rule")]
            assert learnt["answer"].tolist() == [0] * n_added
        sent = len(server.asked)
        assert run("rules", tmp_path / "videos" / "videos.csv", "--out", bench, *options)[0] == 0
        assert len(server.asked) == sent
    tables = read_folder(bench)
    assert tables["hard_prompts"]["is_hard"].sum() == PER_ACTION
    assert tables["prompts"]["fits_clip"].notna().all()
    rules = read_table(merged / "rules.csv", "rules")
    assert len(rules) == 98
    assert not rules["rule"].eq("The wheel slides without turning.").any()
    assert set(rules["violation"].dropna()) == {"The wheel slides without turning."}
    assert set(read_folder(merged)) == {"rules", "merged", "added_ratings"}
    assert (bench / "upsampling.json").is_file()
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_local_model_lengthens_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text(
        "prompt_id,caption\na,A dog pushes a red ball over a stone floor.\n"
    )
    folder = save_mistral(tmp_path / "mistral")
    with BadServer(write=Scribe()) as server:
        checker = [word.replace("-o", "-o") for word in list_options(server, tmp_path)]
        named = [
            f"checker.{word}" if "=" in word and not word.startswith("cache") else word for word in checker
        ]
        command = (
            "upsample", tmp_path / "captions.csv", "--out", tmp_path / "out", "--checkpoint", folder, *named,
            "-o", "upsampler.device=cpu", "-o", "upsampler.max_new_tokens=8",
        )  # fmt: skip
        code, said, error = run(*command)
        assert code == 1, error
        assert "note" not in error
        assert "note: 2 texts were cut off in an earlier run, and were not written again" in run(*command)[2]
        assert "note" not in run(*command, "--retry")[2]
    assert said.splitlines()[-1] == "done: 0 of 1 captions are upsampled; 1 have none that keeps the meaning"
    failures = pd.read_csv(tmp_path / "out" / "upsampling_failures.csv")
    assert failures["is_final"].tolist() == [True, True]


def test_what_got_no_answer_is_asked_again_only_when_told(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text("action\npole vault\npouring milk\n")
    scribe = Scribe(filter=lambda *_: "I would rather not.")
    with BadServer(write=scribe) as server:
        command = ("filter", tmp_path / "actions.csv", "--out", tmp_path, *list_options(server, tmp_path))
        assert run(*command)[0] == 1
        first, n_calls = (tmp_path / "decisions.csv").read_bytes(), len(server.asked)
        code, said, error = run(*command)
        assert (code, said.splitlines()[-1]) == (1, "done: 2 actions: 2 undecided")
        assert "note: 2 questions got no answer of the asked form in an earlier run" in error
        assert "0 calls" in run(*command, "--dry-run")[1]
        assert len(server.asked) == n_calls
        assert (tmp_path / "decisions.csv").read_bytes() == first
        scribe.odd.clear()
        code, said, error = run(*command, "--retry")
        assert (code, said.splitlines()[-1]) == (0, "done: 2 actions: 2 keep")
        assert "note" not in error
        n_calls = len(server.asked)
        assert run(*command)[1].splitlines()[-1] == "done: 2 actions: 2 keep"
        assert len(server.asked) == n_calls


def test_a_dry_run_prices_every_step_and_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text("action\npole vault\npouring milk\n")
    (tmp_path / "captions.csv").write_text(
        "prompt_id,caption\na,A dog pushes a red ball over a stone floor.\n"
    )
    videos = make_videos(pd.DataFrame({"prompt_id": ["a"], "caption": ["A dog."]}), tmp_path / "videos")
    videos.to_csv(tmp_path / "videos" / "videos.csv", index=False)
    rules = {"video_id": ["v"], "rule_id": ["r"], "rule": ["It falls."]}
    pd.DataFrame(rules).to_csv(tmp_path / "rules.csv", index=False)
    added = {"video_id": ["v"], "annotator": ["ana"], "violation": ["It falls up."]}
    pd.DataFrame(added).to_csv(tmp_path / "violations.csv", index=False)
    with BadServer(write=Scribe()) as server:
        options = [*list_options(server, tmp_path), "--out", tmp_path / "out", "--dry-run"]
        for step, source in (
            ("filter", "actions.csv"),
            ("caption", "actions.csv"),
            ("upsample", "captions.csv"),
            ("rules", "videos/videos.csv"),
            ("merge", "rules.csv"),
        ):
            more = {"upsample": ["--upsampler", "chat"], "merge": [tmp_path / "violations.csv"]}.get(step, [])
            code, said, error = run(step, tmp_path / source, *options, *more)
            assert code == 0, error
            assert "about $0.0" in said
        assert server.calls == []
    assert not (tmp_path / "out").exists()


def test_without_a_model_violations_are_listed_and_no_rule_is_made(tmp_path: Path) -> None:
    rules = {"video_id": ["v"], "rule_id": ["r"], "rule": ["It falls."]}
    pd.DataFrame(rules).to_csv(tmp_path / "rules.csv", index=False)
    added = {"video_id": ["v"], "annotator": ["ana"], "violation": ["It falls up."]}
    pd.DataFrame(added).to_csv(tmp_path / "violations.csv", index=False)
    command = ("merge", tmp_path / "rules.csv", tmp_path / "violations.csv", "--out", tmp_path / "out")
    code, said, _ = run(*command, "--no-laws")
    assert (code, said.splitlines()[-1]) == (0, "done: 1 texts: 1 not asked")
    assert pd.read_csv(tmp_path / "out" / "rules.csv")["rule"].tolist() == ["It falls."]
    assert len(pd.read_csv(tmp_path / "out" / "added_ratings.csv")) == 0
    with BadServer(write=Scribe(broken=lambda *_: "no")) as server:
        code, said, _ = run(*command, *list_options(server, tmp_path))
    assert (code, said.splitlines()[-1]) == (1, "done: 1 texts: 1 unanswered")
    assert run(*command, "--no-laws", "--dry-run")[1].startswith("rewrites: no model is asked")
