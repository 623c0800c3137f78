"""Load networks of transformers from a folder: whole, or not at all."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from videophy_lab.weights.layout import WeightsError

NOTHING = r"(?!)"
SHOWN, MOST_CHARACTERS = 3, 300


def load_whole(
    network: Any,
    folder: Path,
    *,
    what: str,
    remedy: str,
    unused: str = NOTHING,
    strict: bool = False,
    **options: Any,
) -> Any:
    """Load a class of transformers with all of its tensors, ready for inference.

    Where tensors are not there, transformers goes on with random ones and says so in a table; here it ends.

    Parameters
    ----------
    network : class
        With ``from_pretrained``.
    folder : Path
    what : str
        Name of the network for messages.
    remedy : str
        The end of messages.
    unused : str
        Pattern of the names that the checkpoint may have beside the network's.
    strict : bool
        Refuse other names too; otherwise there is a warning.
    **options
        Of ``from_pretrained``.

    Raises
    ------
    WeightsError
        Another network, damaged files, tensors that are missing or of another shape, no room in the memory.
    """
    with explain_loading(folder, what=what, remedy=remedy):
        loaded, told = network.from_pretrained(
            folder, output_loading_info=True, ignore_mismatched_sizes=True, local_files_only=True, **options
        )
    bent = {name if isinstance(name, str) else name[0] for name in told["mismatched_keys"]}
    strangers = [name for name in told["unexpected_keys"] if not re.match(unused, name)]
    faults = {"missing": told["missing_keys"], "of another shape": bent}
    faults |= {"unexpected": strangers} if strict else {}
    said = "; ".join(f"{len(names)} {fault} ({list_some(names)})" for fault, names in faults.items() if names)
    if said:
        raise WeightsError(f"the weights in {folder} do not fit {what}: {said}. {remedy}")
    if strangers:
        has = f"{len(strangers)} tensors that {what} has no use for ({list_some(strangers)})"
        warnings.warn(f"{folder} has {has}; see whether it is the right checkpoint", stacklevel=2)
    return loaded.eval()


@contextmanager
def explain_loading(folder: Path, *, what: str, remedy: str) -> Iterator[None]:
    """Keep transformers quiet while it loads, and turn what it raises into a WeightsError.

    Its notes are about settings of its own; what it found is looked at in :func:`load_whole`.
    """
    import torch
    import transformers

    logging: Any = transformers.utils.logging
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    except ImportError:  # it names the package that a checkpoint needs
        raise
    except torch.OutOfMemoryError as error:
        raise WeightsError(
            f"the memory of the device is too small for {what} ({shorten(error)}). Remedy: --dtype bf16, "
            "--device cpu, or device_map=auto where the scorer has it, over several GPUs."
        ) from error
    except Exception as error:  # a file that is none of its own makes the library raise anything
        raise WeightsError(f"{folder} cannot be read as {what} ({shorten(error)}). {remedy}") from error
    finally:
        logging.set_verbosity(level)


def shorten(error: Exception) -> str:
    """Give the reason that an error states on one line, the beginning of a long one."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return reason if len(reason) <= MOST_CHARACTERS else f"{reason[:MOST_CHARACTERS]}…"


def list_some(names: Any) -> str:
    """List the first few names, in order."""
    ordered = sorted(names)
    return ", ".join(ordered[:SHOWN]) + (", …" if len(ordered) > SHOWN else "")
