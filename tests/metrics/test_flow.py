"""Optical flow: planted translations, RAFT's padding and weights, and frames that are too small."""

from __future__ import annotations

import hashlib
import urllib.error
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from videophy_lab.extras import import_extra
from videophy_lab.metrics import flow
from videophy_lab.metrics.flow import (
    describe_absent_raft,
    estimate_dis_flow,
    estimate_raft_flow,
    find_padding,
    find_raft_file,
    load_raft,
    resolve_raft_file,
)
from videophy_lab.weights import WeightsError


def make_texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Make a texture with coarse and fine detail, uint8 RGB."""
    fine, coarse = (
        cv2.GaussianBlur(rng.normal(size=(height, width, 3)).astype(np.float32), (0, 0), blur)
        for blur in (2, 10)
    )
    return np.clip(128 + 150 * fine + 1000 * coarse, 0, 255).astype(np.uint8)


def cut_moving(texture: np.ndarray, places: list[tuple[int, int]], height: int, width: int) -> np.ndarray:
    """Cut windows out of a texture; what they show moves against their (row, column)."""
    return np.stack([texture[y : y + height, x : x + width] for y, x in places])


def save_raft(path: Path) -> Path:
    """Save a real RAFT with random weights."""
    models: Any = import_extra("torchvision.models.optical_flow", "vision")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = models.raft_large(weights=None)
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def raft_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_raft(tmp_path_factory.mktemp("raft") / "raft.pth")


# --- DIS


@pytest.mark.parametrize("speed", [(0, 3), (4, 0), (-6, 2), (8, -8), (0, 20)], ids=str)
def test_dis_finds_a_planted_translation(rng: np.random.Generator, speed: tuple[int, int]) -> None:
    texture = make_texture(rng, 220, 300)
    down, right = speed
    first, second = cut_moving(texture, [(30, 30), (30 - down, 30 - right)], 160, 240)
    found = estimate_dis_flow(first, second)
    assert (found.shape, found.dtype) == ((160, 240, 2), np.float32)
    inner = found[24:-24, 24:-24]
    np.testing.assert_allclose(np.median(inner, axis=(0, 1)), [right, down], atol=0.05)
    assert np.abs(inner - [right, down]).mean() < 0.1


def test_dis_of_a_still_picture_is_exactly_zero(rng: np.random.Generator) -> None:
    picture = make_texture(rng, 60, 50)
    assert not estimate_dis_flow(picture, picture).any()
    constant = np.full((48, 48, 3), 90, np.uint8)
    assert not estimate_dis_flow(constant, constant).any()


def test_dis_does_not_depend_on_threads_or_on_what_was_estimated_before(rng: np.random.Generator) -> None:
    first, second = cut_moving(make_texture(rng, 200, 300), [(0, 0), (3, 5)], 190, 290)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = estimate_dis_flow(first, second)
        cv2.setNumThreads(4)
        estimate_dis_flow(second, first)
        np.testing.assert_array_equal(estimate_dis_flow(first, second), alone)
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("shape", [(48, 48), (48, 900), (900, 48), (49, 77)], ids=str)
def test_dis_takes_the_smallest_frames_and_long_ones(
    rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    texture = make_texture(rng, shape[0], shape[1] + 2)
    found = estimate_dis_flow(texture[:, 2:], texture[:, :-2])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.median(found, axis=(0, 1)), [2, 0], atol=0.2)


@pytest.mark.parametrize("shape", [(47, 48, 3), (8, 128, 3), (16, 300, 3), (1, 1, 3)], ids=str)
def test_dis_refuses_frames_that_are_too_small(shape: tuple[int, int, int]) -> None:
    # OpenCV ends the process on some of these
    with pytest.raises(ValueError, match=r"48 or more pixels a side.*Remedy"):
        estimate_dis_flow(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8))


# --- RAFT


def pad_as_sintel(height: int, width: int) -> tuple[int, int, int, int]:
    """Follow the published padding (InputPadder of RAFT, mode "sintel") as it is written."""
    down = (((height // 8) + 1) * 8 - height) % 8
    across = (((width // 8) + 1) * 8 - width) % 8
    return across // 2, across - across // 2, down // 2, down - down // 2


def test_raft_pads_as_published() -> None:
    sides = range(121, 146)
    assert [find_padding(h, w) for h in sides for w in sides] == [
        pad_as_sintel(h, w) for h in sides for w in sides
    ]
    assert find_padding(480, 720) == (0, 0, 0, 0)
    assert find_padding(121, 131) == (2, 3, 3, 4)


def test_raft_is_torchvisions_network_after_its_own_transforms(
    raft_file: Path, rng: np.random.Generator
) -> None:
    # edges repeated by NumPy, then torchvision's transforms and 20 updates of its network
    models: Any = import_extra("torchvision.models.optical_flow", "vision")
    network = models.raft_large(weights=None)
    network.load_state_dict(torch.load(raft_file))
    network.eval()
    first, second = cut_moving(make_texture(rng, 140, 150), [(0, 0), (3, 5)], 123, 129)
    first.setflags(write=False)
    left, right, top, bottom = pad_as_sintel(123, 129)
    pair = [
        torch.from_numpy(np.pad(frame, ((top, bottom), (left, right), (0, 0)), "edge")).permute(2, 0, 1)[None]
        for frame in (first, second)
    ]
    with torch.no_grad():
        expected = network(*models.Raft_Large_Weights.C_T_V1.transforms()(*pair), num_flow_updates=20)[-1]
    found = estimate_raft_flow(load_raft(raft_file, "cpu"), first, second)
    assert (found.shape, found.dtype) == ((128, 136, 2), np.float32)
    np.testing.assert_allclose(found, expected[0].permute(1, 2, 0).numpy(), rtol=1e-4, atol=1e-4)
    assert np.abs(found).max() > 0.1


def test_loading_raft_draws_no_random_numbers(raft_file: Path) -> None:
    before = torch.get_rng_state()
    network = load_raft(raft_file, "cpu")
    assert torch.equal(torch.get_rng_state(), before)
    assert not network.training
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"cpu"}


def write_pickle(path: Path) -> None:
    torch.save({"module.fnet.conv1.weight": torch.zeros(3)}, path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"<html>login</html>"),
        lambda path: torch.save([1, 2], path),
        write_pickle,
    ],
    ids=["empty", "page", "list", "other-names"],
)
def test_other_files_are_refused_with_a_remedy(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "file.pth"
    write(path)
    with pytest.raises(
        WeightsError, match=r"cannot be read as torchvision's raft_large.*Remedy.*dynamic_degree"
    ):
        load_raft(path, "cpu")


@pytest.mark.parametrize("name", ["", "gone.pth"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match=r"(does not exist|is a folder)\. Remedy"):
        resolve_raft_file(str(tmp_path / name))


# --- the published weights, from a made address


class Entry:
    """A stand-in for torchvision's entry, whose name holds the checksum of what lies at its address."""

    def __init__(self, folder: Path, content: bytes) -> None:
        prefix = hashlib.sha256(content).hexdigest()[:8]
        self.source = folder / f"raft_made-{prefix}.pth"
        self.url = self.source.as_uri()
        self.meta = {"_file_size": 20.129}


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raft_file: Path) -> Entry:
    made = Entry(tmp_path, raft_file.read_bytes())
    made.source.write_bytes(raft_file.read_bytes())
    place = tmp_path / "cache" / "checkpoints" / made.source.name
    monkeypatch.setattr(flow, "locate_raft", lambda: (place, made))
    return made


def test_the_published_weights_are_things_at_torchvisions_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path, entry = flow.locate_raft()
    assert path == tmp_path / "hub" / "checkpoints" / "raft_large_C_T_V1-22a6c225.pth"
    assert entry.url == f"https://download.pytorch.org/models/{path.name}"
    assert flow.read_prefix(path) == "22a6c225"
    assert describe_absent_raft() == f"the file {path.name}, 21 MB, from {entry.url}"


def test_the_published_weights_are_fetched_once(
    entry: Entry, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert find_raft_file() is None
    assert "21 MB" in describe_absent_raft()
    path = resolve_raft_file()
    assert path.read_bytes() == entry.source.read_bytes()
    assert "fetching the file raft_made" in capsys.readouterr().err
    entry.source.unlink()
    assert resolve_raft_file() == path
    assert describe_absent_raft() == ""


def test_damaged_weights_are_fetched_again(entry: Entry) -> None:
    path = resolve_raft_file()
    path.write_bytes(b"cut off")
    assert find_raft_file() is None
    assert resolve_raft_file().read_bytes() == entry.source.read_bytes()


def test_other_bytes_than_the_published_are_not_kept(entry: Entry) -> None:
    entry.source.write_bytes(b"<html>login</html>")
    with pytest.raises(WeightsError, match=r"(?s)invalid hash.*Remedy: check the network.*curl"):
        resolve_raft_file()
    assert find_raft_file() is None


def test_without_a_network_the_message_says_what_to_type(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    with pytest.raises(WeightsError) as caught:
        resolve_raft_file()
    said = str(caught.value)
    assert "no route to host" in said
    assert f"curl -fL -o {entry.source.name} {entry.url}" in said
    assert "--option dynamic_degree.checkpoint=FILE" in said
