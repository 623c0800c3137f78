"""The commands ``prompts`` for what comes after the captions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videophy_lab.cli.base import Retry, tell_unasked
from videophy_lab.cli.prompts import (
    DryRun,
    Language,
    Model,
    Options,
    Out,
    Tokenizer,
    build_models,
    explain,
    finish,
    prompts_app,
    tell_left_out,
    write_all,
)

# the group with the commands of both files
__all__ = ["prompts_app"]

UPSAMPLERS = ("local", "chat")


@prompts_app.command(
    "upsample", epilog="Example: videophy-lab prompts upsample bench/captions.csv --out bench"
)
def upsample_captions(
    prompts: Annotated[str, typer.Argument(metavar="PROMPTS", help="A prompts table.")],
    out: Out,
    upsampler: Annotated[
        str,
        typer.Option(metavar="local|chat", help="Mistral-NeMo on this machine, or a model at a provider."),
    ] = "local",
    checkpoint: Annotated[
        str | None, typer.Option(metavar="PATH", help="Folder of another chat model, or a hub repository.")
    ] = None,
    language: Language = "English",
    tokenizer: Tokenizer = "",
    model: Model = None,
    option: Options = None,
    retry: Retry = False,
    dry_run: DryRun = False,
) -> None:
    """Lengthen captions, and keep only what still means the same."""
    from videophy_lab import prompts as steps
    from videophy_lab.datasets import load_prompts
    from videophy_lab.prompts import refusals, telling
    from videophy_lab.prompts.folder import check_captions, check_places, write_settings
    from videophy_lab.prompts.tokens import check_tokenizer

    with explain():
        if upsampler not in UPSAMPLERS:
            raise ValueError(f"--upsampler is {upsampler!r}. Allowed: {', '.join(UPSAMPLERS)}.")
        check_captions(prompts)
        check_places(out, ["prompts"], {"PROMPTS": prompts})
        table, earlier = load_prompts(prompts), refusals.read_earlier(out, refusals.UPSAMPLING)
        kind = steps.LocalUpsampler if upsampler == "local" else steps.ChatUpsampler
        models = build_models(
            option,
            {"upsampler": kind, "checker": steps.ChatModel},
            model=model,
            checkpoint=checkpoint,
            retry=retry,
        )
        given = (table, models["upsampler"], models["checker"])
        if dry_run:
            check_tokenizer(tokenizer)
            return typer.echo(steps.price_upsampling(*given, language=language))
        clip = steps.load_tokenizer(tokenizer)
        done = steps.upsample(*given, language=language)
        tell_unasked(models.values())
        counted = steps.check_tokens(done.prompts, clip)
        there = counted[counted["upsampled_caption"].notna()]
        failures, n_earlier = refusals.join_earlier(
            earlier, done.failures, refusals.UPSAMPLING, worked_on=table["prompt_id"], taken=there
        )
        write_all(out, {"prompts": counted, "upsampling_failures": failures})
        if done.settings:
            write_settings(done.settings, out, "upsampling.json")
    final = done.failures.loc[done.failures["is_final"], "prompt_id"].unique().tolist()
    finish(
        f"{len(there)} of {len(counted)} captions are upsampled; {len(final)} have none that keeps the "
        f"meaning{refusals.tell_earlier(n_earlier, refusals.UPSAMPLING)}",
        len(final),
        reasons=telling.tell_failures(done.failures, refusals.UPSAMPLING, what="captions", lacking=final),
        last=steps.tell_unchecked(counted),
    )


@prompts_app.command(
    "hard",
    epilog="Example: videophy-lab prompts hard bench/prompts.csv --ratings ratings.csv "
    "--reference cogvideox_5b --out bench",
)
def choose_hard_subset(
    prompts: Annotated[str, typer.Argument(metavar="PROMPTS", help="A prompts table with action.")],
    out: Out,
    reference: Annotated[str, typer.Option(metavar="NAME", help="The generator whose failures count.")],
    ratings: Annotated[str | None, typer.Option(metavar="RATINGS", help="Human ratings of it.")] = None,
    scores: Annotated[str | None, typer.Option(metavar="SCORES", help="Or one judge's scores.")] = None,
    rule: Annotated[
        str, typer.Option(metavar="zero|lowest", help="No success, or the lowest shares.")
    ] = "zero",
    n_actions: Annotated[int, typer.Option(min=1, help="For lowest: how many, fewer than all.")] = 60,
    least_videos: Annotated[int, typer.Option(min=1, help="Actions with fewer videos are left out.")] = 3,
    scale: Annotated[str | None, typer.Option(metavar="1-5|0/1", help="Told from the values.")] = None,
) -> None:
    """Mark the actions at which a reference generator fails; it cannot be compared on them then."""
    from videophy_lab import prompts as steps
    from videophy_lab.datasets import load_prompts, load_ratings, load_scores
    from videophy_lab.prompts.folder import check_captions, check_places

    with explain(asks=False):
        if (ratings is None) == (scores is None):
            raise ValueError("give either --ratings or --scores, of videos of the reference")
        check_captions(prompts)
        given = {"PROMPTS": prompts, "--ratings": ratings, "--scores": scores}
        check_places(out, ["hard_prompts", "hard_actions"], given)
        rated = load_ratings(ratings, scale=scale) if ratings else load_scores(str(scores))
        chosen = steps.HardRule(rule=rule, n_actions=n_actions, least_videos=least_videos)
        hard = steps.choose_hard(load_prompts(prompts), rated, reference=reference, rule=chosen, scale=scale)
        write_all(out, {"hard_prompts": hard.prompts, "hard_actions": hard.actions})
    for note in hard.notes:
        tell_left_out(note)
    n_hard, n_tied = int(hard.actions["is_hard"].sum()), int(hard.actions["tied"].sum())
    finish(
        f"{n_hard} of {len(hard.actions)} actions are hard for {reference}, "
        f"{int(hard.prompts['is_hard'].sum())} of {len(hard.prompts)} prompts; {n_tied} tied and left out",
        0,
    )


@prompts_app.command("rules", epilog="Example: videophy-lab prompts rules runs/mine --out bench --dry-run")
def propose(
    videos: Annotated[str, typer.Argument(metavar="VIDEOS", help="A videos table, or a folder of videos.")],
    out: Out,
    n_rules: Annotated[int, typer.Option(min=1, help="Rules of a video.")] = 3,
    model: Model = None,
    option: Options = None,
    retry: Retry = False,
    dry_run: DryRun = False,
) -> None:
    """Describe videos, and propose rules for each with their laws."""
    import pandas as pd

    from videophy_lab import prompts as steps
    from videophy_lab.datasets import load_videos
    from videophy_lab.prompts import refusals, telling
    from videophy_lab.prompts.folder import check_places
    from videophy_lab.scoring.inputs import find_file

    with explain():
        check_places(out, ["rules", "video_captions"], {"VIDEOS": videos})
        table, earlier = load_videos(videos), refusals.read_earlier(out, refusals.RULES)
        if "path" in table.columns:
            paths = [find_file(path, Path(videos).parent) for path in table["path"]]
            table = table.assign(path=pd.Series(paths, index=table.index, dtype="str").replace("", None))
        models = build_models(option, {"rules": steps.WatchingModel}, model=model, retry=retry)
        chat = models["rules"]
        if dry_run:
            return typer.echo(steps.price_rules(table, chat, n_rules=n_rules))
        ruled = steps.propose_rules(table, chat, n_rules=n_rules)
        tell_unasked(models.values())
        failures, n_earlier = refusals.join_earlier(
            earlier, ruled.failures, refusals.RULES, worked_on=table["video_id"], taken=ruled.rules
        )
        write_all(out, {"rules": ruled.rules, "video_captions": ruled.captions, "rule_failures": failures})
    is_short = ruled.failures["check"].isin(telling.STANDING)
    short = ruled.failures.loc[is_short, "video_id"].unique().tolist()
    finish(
        f"{len(ruled.rules)} rules of {ruled.rules['video_id'].nunique()} videos; {len(short)} videos have "
        f"fewer than {n_rules}{refusals.tell_earlier(n_earlier, refusals.RULES)}",
        len(short),
        reasons=telling.tell_failures(ruled.failures, refusals.RULES, what="videos", lacking=short),
    )


@prompts_app.command(
    "merge",
    epilog="Example: videophy-lab prompts merge bench/rule_kept.csv ratings_violations.csv "
    "--out bench_merged",
)
def merge_texts(
    rules: Annotated[Path, typer.Argument(metavar="RULES", help="A rules table of videos.")],
    additions: Annotated[
        Path, typer.Argument(metavar="VIOLATIONS", help="What annotators added, as annotate writes it.")
    ],
    out: Out,
    ratings: Annotated[
        str | None,
        typer.Option(metavar="RATINGS", help="Join what is added to these, as all_ratings.csv, to train on."),
    ] = None,
    laws: Annotated[
        bool,
        typer.Option(
            "--laws/--no-laws",
            help="Let a model write the rules and name their laws; without, none is added.",
        ),
    ] = True,
    model: Model = None,
    option: Options = None,
    retry: Retry = False,
    dry_run: DryRun = False,
) -> None:
    """Turn what annotators found wrong into rules, each once, beside those that there are."""
    from videophy_lab import prompts as steps
    from videophy_lab.datasets import load_ratings
    from videophy_lab.prompts import telling
    from videophy_lab.prompts.folder import check_places
    from videophy_lab.prompts.turning import UNANSWERED
    from videophy_lab.schema import read_rows, read_table
    from videophy_lab.schema.decisions import take_kept

    with explain():
        models = build_models(option, {"laws": steps.ChatModel}, model=model, retry=retry) if laws else {}
        chat = models.get("laws")
        given = {"RULES": rules, "VIOLATIONS": additions, "--ratings": ratings}
        check_places(out, ["rules", "merged", "added_ratings", *(["all_ratings"] if ratings else [])], given)
        table, texts = read_table(rules, "rules"), read_rows(additions)
        # what is not reviewed yet is in no other table, and stays
        table, left_out = take_kept(table, what="rules", source=str(rules), open_too=True)
        tell_left_out(left_out)
        rated = load_ratings(ratings, tasks=None) if ratings else None
        if dry_run:
            return typer.echo(steps.price_additions(texts, chat))
        merged = steps.merge_additions(table, texts, chat=chat)
        tell_unasked(models.values())
        tables = {"rules": merged.rules, "merged": merged.merged, "added_ratings": merged.ratings}
        if rated is not None:
            tables["all_ratings"] = steps.join_ratings(rated, merged)
        write_all(out, tables)
    if rated is not None:
        n_joined = len(tables["all_ratings"]) - len(rated)
        n_left = len(merged.ratings) - n_joined
        why = f"; left out: {n_left}, whose annotator had labelled that rule, which counts" if n_left else ""
        typer.echo(f"ratings: {n_joined} of {len(merged.ratings)} added ones joined to {len(rated)}{why}")
    elif len(merged.ratings):
        typer.echo("to train on the added ratings too, type the same with: --ratings RATINGS")
    if merged.merged["became"].eq("new").any():
        path = out / "rules.csv"
        typer.echo(f"review the new: videophy-lab prompts review {path} --reviewer NAME --out {out}")
    finish(
        telling.count_merged(merged.merged),
        int(merged.merged["became"].eq(UNANSWERED).sum()),
        reasons=telling.tell_merged(merged.merged),
    )
