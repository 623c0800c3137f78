"""Tell what a source is: a bundled name, a table of ours, an official file, or a folder of those."""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from pathlib import Path

from videophy_lab.datasets.bundled import BUNDLED
from videophy_lab.places import find_data_folder
from videophy_lab.schema import TableError

# what only that form has; two of the columns are enough, so that a file that lacks one gets a precise error
FORMS = {
    "numbers": {"human_sa", "human_pc", "autoeval_sa", "autoeval_pc"},
    "contract": {"video_id", "prompt_id", "rule_id", "task", "rating", "scorer", "score"},
    "autoeval": {"sa_pred_score", "pc_pred_score", "joint_pred_score"},
    "videophy1": {"source", "states_of_matter", "complexity", "majority_sa", "majority_pc"},
    "videophy2": {"model_name", "video_url", "sa", "pc", "joint", "metadata_rules", "human_violated_rules",
                  "physics_rules_followed", "physics_rules_unfollowed", "physics_rules_cannot_be_determined"},
}  # fmt: skip
NUMBERS1 = {"prompt_id", "generator", "sa", "pc"}
UPSAMPLED = {"caption", "upsampled_caption"}
SPLITS = ("test", "train")


@dataclass(frozen=True)
class Source:
    """A file and the form it is in; ``name`` is what the user wrote."""

    name: str
    path: Path
    form: str


def read_header(path: Path) -> list[str]:
    """Read the first line of a CSV file; an unreadable one is empty here and an error when it is loaded."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader(file), [])


def recognize_form(path: Path) -> str:
    """Tell the form of a file by its columns; what is no official file is taken for one of our tables."""
    if path.suffix.lower() != ".csv":
        return "contract"
    header = set(read_header(path))
    if header >= UPSAMPLED and not header & {"prompt_id", "model_name", "sa", "pc", "video_url"}:
        return "upsampled"
    if header >= NUMBERS1 and "task" not in header:
        return "numbers1"
    for form, columns in FORMS.items():
        if len(header & columns) >= 2:
            return form
    return "contract"


def find_source(source: str | Path, forms: tuple[str, ...], *, split: str = "test") -> Source:
    """Find the file that a source means.

    Parameters
    ----------
    source : str or path
        A bundled name, a file, or a folder of official files.
    forms : tuple of str
        Forms that will do, of ``contract, numbers, videophy1, videophy2, autoeval, upsampled``.
    split : {"test", "train"}
        Which file of a folder.

    Raises
    ------
    TableError
        Nothing of that name; the close matches and the allowed forms are named.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; allowed: test, train")
    name = str(source)
    if name == "simulated" and not Path(name).exists():
        raise TableError(
            "simulated: the embedded world has prompts; its videos and their truth are made on this machine. "
            "Remedy: type videophy-lab generate simulated --generator simulated --out runs/simulated, and "
            "give runs/simulated (ratings and rules: runs/simulated/ratings.csv and rules.csv)."
        )
    if name in BUNDLED:
        if split != "test":
            raise TableError(
                f"{name}: only the test split is bundled. Remedy: source='hub:{name}', split='train'."
            )
        form = "numbers" if name == "videophy2" else "numbers1"
        return Source(name, find_data_folder() / name / "ratings.csv", form)
    path = Path(source)
    if path.is_dir():
        return find_in_folder(path, forms, split)
    if path.is_file():
        return Source(name, path, recognize_form(path))
    raise TableError(describe_unknown(name))


def describe_unknown(name: str) -> str:
    """Say what a source may be, and which is closest to the name given."""
    known = [*BUNDLED, *(f"hub:{bundled}" for bundled in BUNDLED), "simulated"]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    parent = Path(name).parent
    files = [file.name for file in parent.iterdir()] if parent.is_dir() else []
    close += difflib.get_close_matches(Path(name).name, files, n=1, cutoff=0.8)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return (
        f"{name}: there is no such source. {hint}Allowed: a bundled name ({', '.join(BUNDLED)}), the same "
        "from the Hugging Face hub (hub:NAME), the path of a table (.csv, .parquet), of an official CSV "
        "file, of a folder of official CSV files, or, for scores, of a scoring run."
    )


def find_in_folder(folder: Path, forms: tuple[str, ...], split: str) -> Source:
    """Find the one official file of a folder that has one of the forms and belongs to the split."""
    other = {"test": "train", "train": "test"}[split]
    found = [(path, recognize_form(path)) for path in sorted(folder.glob("*.csv"))]
    fitting = [(path, form) for path, form in found if form in forms and form != "contract"]
    named = [pair for pair in fitting if split in pair[0].name] or [
        pair for pair in fitting if other not in pair[0].name
    ]
    if len(named) == 1:
        return Source(str(folder), *named[0])
    listed = ", ".join(path.name for path, _ in named) or "none"
    raise TableError(
        f"{folder}: one official file of the {split} split was wanted, these fit: {listed}. "
        "Remedy: give the path of the file."
    )


def find_upsampled(found: Source, split: str) -> Path | None:
    """Find the official file of upsampled captions beside an official file, if it is there."""
    path = found.path.with_name(f"prompt-upsampled-{split}.csv")
    return path if found.form == "videophy2" and path.is_file() else None
