"""Find the weights of a network: a folder, or a repository of the hub that is fetched once."""

from __future__ import annotations

import errno
import re
import shutil
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from videophy_lab.weights.layout import TRANSFORMERS, Layout, WeightsError


@dataclass(frozen=True)
class HubWeights:
    """Weights on the hub.

    Attributes
    ----------
    revision : str
        Commit to fetch. For a branch, the commit that was fetched first is kept: it is asked for only while
        the weights are not on this machine, and what a scorer describes holds a fingerprint of the weights.
    size : float
        Bytes of the files that are fetched.
    """

    revision: str
    size: float


# none of these publishes tags, so the branch stands here until a commit is known to be the published one
HUB_WEIGHTS = {
    "videophysics/videophy_2_auto": HubWeights("main", 14.3e9),
    "videophysics/videocon_physics": HubWeights("main", 14.3e9),
    "MAGAer13/mplug-owl-llama-7b-video": HubWeights("main", 14.3e9),
    # the official training saves the base with it, and 80 million numbers of its own
    "videocon/owl-con": HubWeights("main", 14.5e9),
    "TIGER-Lab/VideoScore-v1.1": HubWeights("main", 16.8e9),
    "TIGER-Lab/VideoScore2": HubWeights("main", 16.6e9),
    "Qwen/Qwen2.5-VL-7B-Instruct": HubWeights("main", 16.6e9),
    "Qwen/Qwen3-VL-8B-Instruct": HubWeights("main", 17.5e9),
    "nvidia/Cosmos-Reason1-7B": HubWeights("main", 16.6e9),
    "nvidia/Cosmos-Reason2-8B": HubWeights("main", 17.5e9),
    "LanguageBind/Video-LLaVA-7B-hf": HubWeights("main", 14.7e9),
    "mistralai/Mistral-Nemo-Instruct-2407": HubWeights("main", 24.5e9),
    "openai/clip-vit-large-patch14": HubWeights("main", 1.7e9),
    "openai/clip-vit-base-patch32": HubWeights("main", 0.6e9),
    "facebook/dino-vitb16": HubWeights("main", 0.3e9),
    # pipelines of diffusers; where their hub pages were not seen, the size follows from the numbers in them
    "zai-org/CogVideoX-5b": HubWeights("main", 21.5e9),
    "hunyuanvideo-community/HunyuanVideo": HubWeights("main", 41.9e9),
    "nvidia/Cosmos-1.0-Diffusion-7B-Text2World": HubWeights("main", 24.2e9),
    "Wan-AI/Wan2.1-T2V-14B-Diffusers": HubWeights("main", 80.4e9),
    "Wan-AI/Wan2.2-T2V-A14B-Diffusers": HubWeights("main", 126.2e9),
    "hunyuanvideo-community/HunyuanVideo-1.5-Diffusers-480p_t2v": HubWeights("main", 33.8e9),
    "genmo/mochi-1-preview": HubWeights("main", 51.5e9),
    "Lightricks/LTX-Video": HubWeights("main", 28.4e9),
}
# downloads write a little beside the files themselves
SPARE_BYTES = 1e8


def resolve_checkpoint(
    name: str,
    revision: str = "",
    *,
    layout: Layout = TRANSFORMERS,
    endpoint: str | None = None,
    cache: Path | None = None,
    option: str = "--checkpoint",
) -> Path:
    """Give the folder of a checkpoint, fetching it from the hub where it is not on this machine.

    Parameters
    ----------
    name : str
        A folder, or a repository of the hub, such as ``videophysics/videophy_2_auto``.
    revision : str
        Commit, branch or tag of the repository; our own choice when empty.
    layout : Layout
        What belongs to the checkpoint beside its weights.
    endpoint : str, optional
        Address of the hub or a mirror; huggingface_hub's own (``HF_ENDPOINT``) when not given.
    cache : Path, optional
        Folder for downloads; huggingface_hub's own (``HF_HOME``) when not given.
    option : str
        What a user types before a folder of the weights; errors name it.

    Raises
    ------
    WeightsError
        No such folder or repository, no access, no network, no room, or a download that was cut off.
    """
    revision = revision or choose_revision(name)
    local = find_local_checkpoint(name, revision, layout=layout, cache=cache)
    if local is not None:
        return local
    try:
        patterns, size = plan_download(name, revision, layout, endpoint, cache)
        check_room(name, revision, size, cache, layout, option)
        sys.stderr.write(f"fetching the weights {name} ({revision}), {size / 1e9:.1f} GB\n")
        folder = Path(fetch_snapshot(name, revision, endpoint, cache, patterns=patterns))
    except WeightsError:
        raise
    except Exception as error:  # the HTTP library below huggingface_hub, and so its errors, differ by version
        raise WeightsError(explain_failure(name, revision, error, layout, option)) from error
    missing = layout.list_missing(folder)
    if missing:
        raise WeightsError(
            f"the repository {name} ({revision}) is no checkpoint of this network: {', '.join(missing)} is "
            "not in it. Remedy: check the name."
        )
    sys.stderr.write(f"the weights {name} are in {folder}\n")
    return folder


def choose_revision(name: str) -> str:
    """Give the revision that is fetched when none is named."""
    return HUB_WEIGHTS[name].revision if name in HUB_WEIGHTS else "main"


def find_local_checkpoint(
    name: str, revision: str = "", *, layout: Layout = TRANSFORMERS, cache: Path | None = None
) -> Path | None:
    """Give the folder of a checkpoint where it is complete on this machine, else None; uses no network.

    Raises
    ------
    WeightsError
        The name is neither a folder nor of the form of a repository.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists() or not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        what = "is a file" if folder.exists() else "does not exist"
        raise WeightsError(
            f"the checkpoint {name!r} {what}. Allowed: a folder with {', '.join(layout.required)} and the "
            f"weights, or a repository of the hub, such as {next(iter(HUB_WEIGHTS))}."
        )
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        patterns = layout.list_local_patterns()
        found = Path(
            fetch_snapshot(
                name, revision or choose_revision(name), None, cache, patterns=patterns, local=True
            )
        )
    except LocalEntryNotFoundError:
        return None
    return None if layout.list_missing(found) else found


def describe_absent(
    name: str, revision: str = "", *, layout: Layout = TRANSFORMERS, cache: Path | None = None
) -> str:
    """Say which weights a run would have to fetch, and how large they are; empty when they are here."""
    if find_local_checkpoint(name, revision, layout=layout, cache=cache) is not None:
        return ""
    size = f"{HUB_WEIGHTS[name].size / 1e9:.1f} GB" if name in HUB_WEIGHTS else "size not known"
    return f"the weights {name} ({revision or choose_revision(name)}), {size}, from the hub"


def fetch_snapshot(
    name: str,
    revision: str,
    endpoint: str | None,
    cache: Path | None,
    *,
    patterns: list[str] | None = None,
    local: bool = False,
    dry_run: bool = False,
) -> Any:
    """Call huggingface_hub for the files of a checkpoint."""
    from huggingface_hub import snapshot_download

    return snapshot_download(
        name,
        revision=revision,
        cache_dir=cache,
        endpoint=endpoint,
        allow_patterns=patterns,
        local_files_only=local,
        dry_run=dry_run,
    )


def plan_download(
    name: str, revision: str, layout: Layout, endpoint: str | None, cache: Path | None
) -> tuple[list[str], float]:
    """Ask the hub which files there are; choose what to fetch, and count the bytes still to come."""
    files = fetch_snapshot(name, revision, endpoint, cache, dry_run=True)
    patterns = layout.choose_patterns([file.filename for file in files])
    wanted = [file for file in files if any(fnmatch(file.filename, pattern) for pattern in patterns)]
    return patterns, sum(file.file_size or 0 for file in wanted if file.will_download)


def check_room(
    name: str, revision: str, size: float, cache: Path | None, layout: Layout, option: str
) -> None:
    """Check that a download fits on the disk."""
    from huggingface_hub import constants

    folder = Path(cache or constants.HF_HUB_CACHE).expanduser().resolve()
    disk = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(disk).free
    if free < size + SPARE_BYTES:
        raise WeightsError(
            f"the weights {name} need {size / 1e9:.1f} GB, and {disk} has {free / 1e9:.1f} GB left. Remedy: "
            f"make room, or put them on another disk: set HF_HOME to a folder there, or type\n"
            f"  {write_command(name, revision, layout)}\nwith such a folder and give it as {option}"
        )


def write_command(name: str, revision: str, layout: Layout) -> str:
    """Write the line that fetches a checkpoint by hand."""
    wanted = "".join(f' --include "{pattern}"' for pattern in layout.by_hand)
    return f"hf download {name} --revision {revision}{wanted} --local-dir weights"


def explain_failure(name: str, revision: str, error: Exception, layout: Layout, option: str) -> str:
    """Say why a checkpoint could not be fetched, and what to type."""
    from huggingface_hub import errors

    # these two only wrap what went wrong
    wrappers = (errors.DryRunError, errors.LocalEntryNotFoundError)
    cause = error.__cause__ if isinstance(error, wrappers) and error.__cause__ is not None else error
    status = getattr(getattr(cause, "response", None), "status_code", None)
    reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    page = f"https://huggingface.co/{name}"
    if isinstance(cause, errors.GatedRepoError) or status in (401, 403):
        what = f"the hub gives no access to it ({reason})"
        remedy = f"check the name; accept its terms on {page} where it has some, and type hf auth login"
    elif isinstance(cause, errors.RevisionNotFoundError):
        what, remedy = f"it has no revision {revision!r}", f"take one of {page}/commits"
    elif isinstance(cause, errors.RepositoryNotFoundError) or status == 404:
        what = "the hub has no such repository, and there is no such folder here"
        remedy = f"check the name: {', '.join(HUB_WEIGHTS)}"
    elif isinstance(cause, errors.OfflineModeIsEnabled):
        what, remedy = "HF_HUB_OFFLINE forbids the network", "unset HF_HUB_OFFLINE"
    elif isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
        what, remedy = "the disk is full", "make room and try again; complete files are kept"
    else:
        what = f"the hub could not be reached, or the download was cut off ({reason})"
        remedy = "check the network and try again; complete files are kept"
    command = write_command(name, revision, layout)
    return (
        f"the weights {name} ({revision}) could not be fetched: {what}. Remedy: {remedy}. Or, on a machine "
        f"with a network, type\n  {command}\nand give that folder as {option}"
    )
