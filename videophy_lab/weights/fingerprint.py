"""Name the content of weights, in seconds and wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from videophy_lab.weights.layout import TRANSFORMERS, Layout

SAMPLES, SAMPLE_BYTES = 64, 64 * 1024


def read_samples(path: Path) -> Iterator[bytes]:
    """Read 64 blocks of 64 kB, evenly spaced from the first byte to the last; a small file whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= SAMPLES * SAMPLE_BYTES:
            yield file.read()
            return
        for sample in range(SAMPLES):
            file.seek((size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
            yield file.read(SAMPLE_BYTES)


def fingerprint_files(paths: Iterable[Path], *, root: Path | None = None) -> str:
    """Name the content of files by a SHA-256.

    Their names (from `root` on, where it is given) and sizes and 64 evenly spaced blocks of 64 kB of each are
    hashed, small files whole. It is a sample: a change of a few numbers inside a large file can escape it;
    another training run, precision or layout cannot.
    """
    digest = hashlib.sha256()
    named = [(path.relative_to(root).as_posix() if root else path.name, path) for path in paths]
    for name, path in sorted(named, key=lambda pair: pair[0]):
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        for block in read_samples(path):
            digest.update(block)
    return digest.hexdigest()


def fingerprint_folder(folder: Path, layout: Layout = TRANSFORMERS) -> str:
    """Name the content of a checkpoint: its weights and its settings.

    Raises
    ------
    WeightsError
        The folder has no weights, or not all of them.
    """
    return fingerprint_files({*layout.find_settings(folder), *layout.find_weights(folder)}, root=folder)
