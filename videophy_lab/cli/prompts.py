"""The commands ``prompts``: from lists of actions to prompts, and from videos to rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from videophy_lab.cli.base import FAILED, INTERRUPTED, WRONG, Retry, collect_options, stop, tell_unasked

if TYPE_CHECKING:
    import pandas as pd

prompts_app = typer.Typer(
    help="Make a benchmark: actions, captions, upsampled captions, the hard subset, rules.",
    epilog="Example: videophy-lab prompts import ucf101=classInd.txt --out bench",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the step's tables.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Language model; a current Gemini when not given."),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--option",
        metavar="NAME=VALUE",
        help="Of the models, such as checker.model=…, provider=openai.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it costs.")]
Tokenizer = Annotated[
    str,
    typer.Option(metavar="PATH", help="CLIP's tokenizer: a folder, or a hub repository to fetch it from."),
]
Language = Annotated[str, typer.Option(help="Of the captions.")]


@contextmanager
def explain(*, asks: bool = True) -> Iterator[None]:
    """Turn what goes wrong into a line and an exit code; only where a model is asked, answers were kept."""
    from videophy_lab.prompts.folder import FolderError

    try:
        yield
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        what = f"{error.strerror}: {error.filename}" if error.strerror else str(error)
        if isinstance(error, FileNotFoundError):
            stop(f"{what}. Remedy: give a file that is there", FAILED)
        if isinstance(error, FolderError):
            kept = "; what was answered is kept" if asks else ""
            stop(f"{what}. Remedy: give --out a folder that can be written{kept}", FAILED)
        kept = "What was answered is kept; mend that" if asks else "Mend that"
        stop(f"{what}. {kept}, and type the same again", FAILED)
    except KeyboardInterrupt:
        kept = "; what was answered is kept, and the same command goes on from there" if asks else ""
        stop(f"interrupted{kept}", INTERRUPTED)


def build_models(
    option: list[str] | None, kinds: Mapping[str, type], *, retry: bool = False, **named: str | None
) -> dict[str, Any]:
    """Make the models of a step of its options."""
    from videophy_lab.building import Shelf, build_item, sort_options

    options = collect_options(option, retry="true" if retry else None, **named)
    given = sort_options(options, kinds, Shelf("model", (), "checker", "name"))
    return {name: build_item(name, kind, given[name]) for name, kind in kinds.items()}


def write_all(out: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write a step's tables, and say where they are."""
    from videophy_lab.prompts.folder import FILES, write_rows

    paths = [write_rows(table, out, FILES[name]) for name, table in tables.items()]
    typer.echo(f"tables: {', '.join(map(str, paths))}")


def tell_left_out(note: str) -> None:
    """Say what of a table goes no further, where something does not."""
    if note:
        typer.echo(f"note: {note}", err=True)


def finish(message: str, n_failed: int, *, reasons: Iterable[str] = (), last: str = "") -> None:
    """Print `reasons`, what was done, and `last` where there is any; leave with 1 where something failed."""
    for line in reasons:
        typer.echo(line)
    typer.echo(f"done: {message}")
    if last:
        typer.secho(last, bold=True)
    if n_failed:
        raise typer.Exit(FAILED)


@prompts_app.command("import", epilog="Example: videophy-lab prompts import kinetics=train.csv --out bench")
def import_lists(
    lists: Annotated[
        list[str], typer.Argument(metavar="KIND=FILE...", help="KIND: kinetics, ucf101, something, csv.")
    ],
    out: Out,
    column: Annotated[str, typer.Option(help="Of a CSV file, where its name is none of the usual.")] = "",
) -> None:
    """Make one list of actions of several data sets' lists of classes."""
    from videophy_lab.prompts import gather_actions, read_list
    from videophy_lab.prompts.folder import check_places

    with explain(asks=False):
        found: dict[str, Any] = {}
        for item in lists:
            kind, equals, file = item.partition("=")
            if not equals:
                raise ValueError(f"{item!r} must have the form KIND=FILE, such as ucf101=classInd.txt")
            check_places(out, ["actions"], {item: file})
            found[kind] = [*found.get(kind, []), *read_list(file, kind, column=column)]
        actions = gather_actions(found)
        write_all(out, {"actions": actions})
    counts = ", ".join(f"{len(classes)} of {kind}" for kind, classes in found.items())
    finish(f"{len(actions)} actions of {counts}", 0)


@prompts_app.command("filter", epilog="Example: videophy-lab prompts filter bench/actions.csv --out bench")
def filter_list(
    actions: Annotated[Path, typer.Argument(metavar="ACTIONS", help="A table with the column action.")],
    out: Out,
    model: Model = None,
    option: Options = None,
    retry: Retry = False,
    dry_run: DryRun = False,
) -> None:
    """Propose which actions to keep, and which are the same; people decide (see review)."""
    from videophy_lab.prompts import ChatModel, filter_actions, price_filter, telling
    from videophy_lab.prompts.folder import check_places, read_actions

    with explain():
        table = read_actions(actions)
        check_places(out, ["decisions"], {"ACTIONS": actions})
        models = build_models(option, {"filter": ChatModel}, model=model, retry=retry)
        chat = models["filter"]
        if dry_run:
            return typer.echo(price_filter(table, chat))
        decisions = filter_actions(table, chat)
        tell_unasked(models.values())
        write_all(out, {"decisions": decisions})
    notes = decisions.attrs.get("notes", [])
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    counts = decisions["decision"].value_counts()
    told = ", ".join(f"{counts[word]} {word}" for word in counts.index)
    missing = decisions[decisions["status"].ne("ok")]
    finish(
        f"{len(decisions)} actions: {told}",
        len(missing) + len(notes),
        reasons=telling.tell_missing(missing, what="actions", unit="action"),
    )


@prompts_app.command(
    "review", epilog="Example: videophy-lab prompts review bench/decisions.csv --reviewer ana --out bench"
)
def review_table(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="decisions.csv, or a rules.csv.")],
    out: Out,
    reviewer: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Write this person's file to fill in.")
    ] = None,
    filled: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A file that was filled in; may be repeated.")
    ] = None,
    settled: Annotated[
        Path | None, typer.Option(metavar="FILE", help="adjudication.csv, filled in together.")
    ] = None,
    reviewers: Annotated[
        int, typer.Option(min=0, help="People who must agree; 0 takes the model's word where nobody decided.")
    ] = 2,
) -> None:
    """Write files for independent reviewers, or read them back and decide."""
    from videophy_lab.prompts import review, settling
    from videophy_lab.prompts.folder import check_places, write_rows
    from videophy_lab.schema import read_rows
    from videophy_lab.schema.decisions import OPEN

    with explain(asks=False):
        rows = read_rows(table)
        subject = review.find_subject(rows)
        if not (reviewer or filled or settled) and reviewers:
            # an empty review would write over what people decided
            raise ValueError(
                "no decision is given. Remedy: --reviewer NAME writes a file to fill in, --filled FILE (once "
                "for each reviewer) reads it back, --settled FILE adds what was settled together, and "
                "--reviewers 0 takes the model's word"
            )
        # both are reviewed in one folder, by the same people
        stem = "rule_" if subject is review.RULES else ""
        for name in reviewer or []:
            path = out / f"{stem}{review.name_review(name)}"
            for other in out.glob(f"{stem}review_*.csv"):
                if review.name_person(other.name) == review.name_person(path.name):
                    raise ValueError(
                        f"{other} is there already. Remedy: delete it, or name another reviewer."
                    )
            write_rows(review.make_review(rows, name, subject=subject), out, path.name)
            typer.echo(f"to fill in: {path} (column decision: {', '.join(subject.words)}; note if you like)")
        if reviewer and not filled:
            return None
        given = {"TABLE": table} | {f"--filled {path}": path for path in filled or []}
        # what was settled stays in its list
        check_places(out, [f"{stem}{name}" for name in ("reviews", "adjudication", "decided", "kept")], given)
        reviews = review.read_reviews(filled or [], rows, subject=subject)
        if settled is None:
            settling.check_settled(out / f"{stem}adjudication.csv")
        together = review.read_reviews([settled], rows, subject=subject) if settled else None
        decided = settling.settle(rows, reviews, subject=subject, settled=together, reviewers=reviewers)
        disputed = settling.list_open(decided, reviews, subject=subject, settled=together)
        kept = settling.keep_final(decided, subject=subject)
        tables = {"reviews": reviews, "adjudication": disputed, "decided": decided, "kept": kept}
        for name, made in tables.items():
            typer.echo(f"{name}: {write_rows(made, out, f'{stem}{name}.csv')}")
    n_open = int(decided["final"].eq(OPEN).sum())
    waiting = settling.tell_open(decided, f"{stem}adjudication.csv", reviewers=reviewers)
    finish(f"{len(decided)} {subject.name}: {len(kept)} kept, {waiting}", n_open)


@prompts_app.command("caption", epilog="Example: videophy-lab prompts caption bench/kept.csv --out bench")
def write_captions(
    actions: Annotated[Path, typer.Argument(metavar="ACTIONS", help="A table with the column action.")],
    out: Out,
    prompts: Annotated[
        str | None, typer.Option(metavar="PROMPTS", help="Captions that are there; they count and stay.")
    ] = None,
    per_action: Annotated[int, typer.Option(min=1, help="Captions of an action.")] = 20,
    rounds: Annotated[int, typer.Option(min=1, help="Most times that an action is written for.")] = 3,
    language: Language = "English",
    tokenizer: Tokenizer = "",
    model: Model = None,
    option: Options = None,
    retry: Retry = False,
    dry_run: DryRun = False,
) -> None:
    """Write captions of actions, check them, and list those that fail."""
    from videophy_lab import prompts as steps
    from videophy_lab.datasets import load_prompts
    from videophy_lab.prompts import refusals, telling
    from videophy_lab.prompts.folder import check_places, read_actions
    from videophy_lab.prompts.tokens import check_tokenizer
    from videophy_lab.schema.decisions import take_kept

    with explain():
        # the captions of --prompts stay in what is written
        check_places(out, ["captions"], {"ACTIONS": actions})
        table, left_out = take_kept(read_actions(actions), what="actions", source=str(actions))
        tell_left_out(left_out)
        earlier = refusals.read_earlier(out, refusals.CAPTIONS)
        existing = load_prompts(prompts) if prompts else None
        kinds = {"writer": steps.Writer, "checker": steps.ChatModel}
        models = build_models(option, kinds, model=model, retry=retry)
        terms = steps.Terms(per_action=per_action, rounds=rounds, language=language)
        if dry_run:
            check_tokenizer(tokenizer)
            return typer.echo(steps.price_captions(table, **models, existing=existing, terms=terms))
        clip = steps.load_tokenizer(tokenizer)
        written = steps.write_all_captions(table, **models, existing=existing, terms=terms, tokenizer=clip)
        tell_unasked(models.values())
        counted = steps.check_tokens(written.prompts, clip)
        failures, n_earlier = refusals.join_earlier(
            earlier, written.failures, refusals.CAPTIONS, worked_on=table["action"], taken=counted
        )
        write_all(out, {"captions": counted, "caption_failures": failures})
    failed = written.failures
    short = failed.loc[failed["check"].eq("short"), "action"].tolist()
    finish(
        f"{len(counted)} captions of {len(table)} actions; {len(telling.find_refused(failed))} refused"
        f"{refusals.tell_earlier(n_earlier, refusals.CAPTIONS)}, {len(short)} actions have fewer than "
        f"{per_action}",
        len(short),
        reasons=telling.tell_failures(failed, refusals.CAPTIONS, what="actions", lacking=short),
        last=steps.tell_unchecked(counted),
    )
