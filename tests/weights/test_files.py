"""Single files of weights come once from their address, with the right bytes, or with a remedy."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from tests.datasets import conftest as datasets
from videophy_lab.metrics.aesthetic import HEAD_V1, HEAD_V2
from videophy_lab.weights import WeightFile, WeightsError, describe_absent_file, files, resolve_file

hub = datasets.hub
BODY = bytes(range(256)) * 300


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(folder))
    monkeypatch.setattr(files, "FIRST_WAIT_S", 0.001)
    return folder


@pytest.fixture
def wanted(hub: datasets.Hub) -> WeightFile:
    """Publish a file."""
    hub.files["/head.pth"] = BODY
    return WeightFile(
        "head.pth", f"{hub.url}/head.pth", hashlib.sha256(BODY).hexdigest(), len(BODY), "a_metric.head"
    )


def test_a_file_is_fetched_once(hub, wanted, cache, capsys):
    path = resolve_file(wanted)
    assert (path, path.read_bytes()) == (cache / "head.pth", BODY)
    assert f"fetching head.pth, 77 kB, from {hub.url}/head.pth\nit is in {path}" in capsys.readouterr().err
    assert resolve_file(wanted) == path
    assert hub.calls["/head.pth"] == 1
    assert [file.name for file in cache.iterdir()] == ["head.pth"]


def test_what_is_absent_is_described_with_its_size(wanted):
    assert describe_absent_file(wanted) == f"the file head.pth, 77 kB, from {wanted.url}"
    resolve_file(wanted)
    assert describe_absent_file(wanted) == ""


def test_the_users_own_file_is_taken_as_it_is(wanted, hub, tmp_path, monkeypatch):
    (tmp_path / "mine.pth").write_bytes(b"mine")
    assert resolve_file(wanted, str(tmp_path / "mine.pth")) == tmp_path / "mine.pth"
    assert describe_absent_file(wanted, str(tmp_path / "mine.pth")) == ""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve_file(wanted, "~/mine.pth") == tmp_path / "mine.pth"
    assert hub.calls.total() == 0


def test_an_own_file_that_is_not_there_is_said_to_be(wanted, tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.pth' does not exist\. Remedy: give a_metric\.head a file"):
        resolve_file(wanted, str(tmp_path / "gone.pth"))
    with pytest.raises(WeightsError, match=r"is a folder\. Remedy"):
        resolve_file(wanted, str(tmp_path))


def test_other_bytes_in_the_cache_are_fetched_again(hub, wanted, cache):
    cache.mkdir()
    (cache / "head.pth").write_bytes(BODY[:-1])
    assert describe_absent_file(wanted) != ""
    assert resolve_file(wanted).read_bytes() == BODY
    assert hub.calls["/head.pth"] == 1


@pytest.mark.parametrize(("variable", "place"), [("XDG_CACHE_HOME", ""), ("HOME", ".cache")])
def test_the_cache_is_the_users(monkeypatch, tmp_path, variable, place):
    for name in (files.FOLDER_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    assert files.find_cache() == tmp_path / place / "videophy_lab" / "weights"


# --- bad servers


def test_a_busy_server_is_asked_again(hub, wanted):
    hub.behaviour["/head.pth"] = "busy"
    assert resolve_file(wanted).read_bytes() == BODY
    assert hub.calls["/head.pth"] == 3


def test_a_server_that_stays_busy_is_given_up(hub, wanted, cache, monkeypatch):
    monkeypatch.setattr(files, "TRIES", 2)
    hub.behaviour["/head.pth"] = "busy"
    with pytest.raises(WeightsError, match=r"the server answers 503 .*Remedy: check the network"):
        resolve_file(wanted)
    assert hub.calls["/head.pth"] == 2
    assert not cache.exists()


def test_a_download_that_is_cut_off_is_tried_again(hub, wanted, cache):
    hub.behaviour["/head.pth"] = "truncated"
    with pytest.raises(WeightsError, match=r"could not be fetched from .*Remedy: check the network"):
        resolve_file(wanted)
    assert hub.calls["/head.pth"] == files.TRIES
    assert not cache.exists()


def test_a_file_that_is_not_there_is_not_asked_for_again(hub, wanted):
    del hub.files["/head.pth"]
    with pytest.raises(WeightsError, match=r"404 .*(?s:.)*curl -fL -o head\.pth http\S+/head\.pth\n"):
        resolve_file(wanted)
    assert hub.calls["/head.pth"] == 1


def test_a_page_in_its_place_is_refused(hub, wanted, cache):
    hub.behaviour["/head.pth"] = "page"
    with pytest.raises(WeightsError, match=r"gives \(35 bytes\) is not head\.pth: its SHA-256 is not"):
        resolve_file(wanted)
    assert hub.calls["/head.pth"] == 1
    assert not cache.exists()


def test_more_than_its_size_is_never_read(hub, wanted, monkeypatch):
    monkeypatch.setattr(files, "BLOCK_BYTES", 1000)
    hub.files["/head.pth"] = BODY * 400
    with pytest.raises(WeightsError, match=r"\(more than 76800 bytes\) is not head\.pth"):
        resolve_file(wanted)


def test_no_network_says_what_to_type(wanted, cache):
    away = WeightFile("head.pth", "http://127.0.0.1:9/head.pth", wanted.sha256, wanted.size, wanted.option)
    with pytest.raises(WeightsError) as caught:
        resolve_file(away)
    said = str(caught.value)
    assert "head.pth could not be fetched from http://127.0.0.1:9/head.pth" in said
    assert said.endswith(
        "type\n  curl -fL -o head.pth http://127.0.0.1:9/head.pth\n"
        f"and give that file as --option a_metric.head=FILE, or put it into {cache}"
    )


def test_a_folder_that_cannot_be_written_is_said_to_be(wanted, cache):
    cache.write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match=rf"make {cache} writable, or set {files.FOLDER_VARIABLE}"):
        resolve_file(wanted)


def test_nothing_is_left_of_what_could_not_be_written(wanted, cache, monkeypatch):
    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(WeightsError, match="No space left on device"):
        resolve_file(wanted)
    assert list(cache.iterdir()) == []


def test_several_at_once_get_the_whole_file(wanted, cache):
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(resolve_file(wanted).read_bytes())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [BODY] * 8
    assert [file.name for file in cache.iterdir()] == ["head.pth"]


@pytest.mark.parametrize("head", [HEAD_V1, HEAD_V2], ids=lambda head: head.name)
def test_published_addresses_hold_a_commit(head):
    assert head.url.startswith("https://raw.githubusercontent.com/")
    assert len(head.url.split("/")[5]) == 40
    assert len(head.sha256) == 64
    assert "+" not in head.url
