"""What names the content of weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from videophy_lab.weights.fingerprint import SAMPLE_BYTES, SAMPLES, fingerprint_folder, read_samples
from videophy_lab.weights.layout import WeightsError


def test_large_files_are_sampled_from_end_to_end(tmp_path):
    path = tmp_path / "large"
    size = 3 * SAMPLES * SAMPLE_BYTES + 17
    with path.open("wb") as file:
        file.truncate(size)
        file.write(b"begins")
        file.seek(size - 4)
        file.write(b"ends")
    blocks = list(read_samples(path))
    assert [len(block) for block in blocks] == [SAMPLE_BYTES] * SAMPLES
    assert blocks[0].startswith(b"begins")
    assert blocks[-1].endswith(b"ends")


def test_a_folder_is_named_by_its_weights_and_settings(tmp_path: Path):
    with pytest.raises(WeightsError, match="has no weights"):
        fingerprint_folder(tmp_path)
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes(name.encode())
    before = fingerprint_folder(tmp_path)
    (tmp_path / "README.md").write_text("notes decide nothing")
    assert fingerprint_folder(tmp_path) == before
    (tmp_path / "preprocessor_config.json").write_text("{}")
    assert fingerprint_folder(tmp_path) != before
