"""The hub: pinned revision, kept checksum, and errors that say what to type."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.datasets.conftest import COMMIT
from videophy_lab.datasets import hub as hub_module
from videophy_lab.datasets import load_ratings, load_scores
from videophy_lab.datasets.hub import HUB_FILES, HubFile, fetch_dataset, fetch_file
from videophy_lab.schema import TableError

BODY = b"caption,upsampled_caption\nA ball.,A long ball.\n"
FREE = HubFile("someone/somewhere", "table.csv")


def serve(hub, wanted: HubFile, body: bytes = BODY, revision: str = "main") -> str:
    path = f"/datasets/{wanted.repository}/resolve/{revision}/{wanted.name}"
    hub.files[path] = body
    return path


def test_the_first_download_records_and_later_ones_compare(hub, tmp_path):
    path = serve(hub, FREE)
    found = fetch_file(FREE, endpoint=hub.url, cache=tmp_path)
    assert found.read_bytes() == BODY
    lock = json.loads((tmp_path / "hub.lock.json").read_text())
    assert lock == {
        "someone/somewhere/table.csv": {"revision": COMMIT, "sha256": hashlib.sha256(BODY).hexdigest()}
    }

    hub.files[path] = b"changed"
    serve(hub, FREE, revision=COMMIT)
    assert fetch_file(FREE, endpoint=hub.url, cache=tmp_path).read_bytes() == BODY
    assert hub.calls[path] == 1

    lock["someone/somewhere/table.csv"]["sha256"] = "0" * 64
    (tmp_path / "hub.lock.json").write_text(json.dumps(lock))
    with pytest.raises(TableError, match=r"expected is 0{64}\. Remedy: delete the file and load again"):
        fetch_file(FREE, endpoint=hub.url, cache=tmp_path)


def test_a_pinned_file_is_asked_for_by_its_revision_and_checked(hub, tmp_path):
    pinned = HubFile("someone/somewhere", "table.csv", "a" * 40, hashlib.sha256(BODY).hexdigest())
    path = serve(hub, pinned, revision="a" * 40)
    assert fetch_file(pinned, endpoint=hub.url, cache=tmp_path / "one").read_bytes() == BODY
    assert not (tmp_path / "one" / "hub.lock.json").exists()
    hub.files[path] = BODY + b"x"
    with pytest.raises(TableError, match="the SHA-256 is"):
        fetch_file(pinned, endpoint=hub.url, cache=tmp_path / "two")


def test_the_official_files_are_pinned():
    for key in (("videophy2", "test"), ("videophy2", "train")):
        assert len(HUB_FILES[key].revision) == 40
        assert len(HUB_FILES[key].sha256) == 64


@pytest.mark.parametrize("how", ["missing", "truncated", "no network"])
def test_a_failure_says_what_to_type(hub, tmp_path, monkeypatch, how):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    endpoint = hub.url
    if how == "truncated":
        hub.behaviour[serve(hub, FREE, BODY * 50)] = "truncated"
    if how == "no network":
        endpoint = "http://127.0.0.1:9"
    with pytest.raises(
        ConnectionError, match=r"hf download someone/somewhere table\.csv --repo-type dataset --revision main"
    ):
        fetch_file(FREE, endpoint=endpoint, cache=tmp_path)
    assert not (tmp_path / "hub.lock.json").exists()


def test_offline_says_what_to_type(hub, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConnectionError, match=r"unset HF_HUB_OFFLINE.*\n  hf download"):
        fetch_file(FREE, endpoint=hub.url, cache=tmp_path)


def test_an_unknown_dataset_names_the_known_ones(tmp_path):
    with pytest.raises(
        TableError, match=r"hub:videophy3 has no split 'test'\. Allowed: hub:videophy2 \(test\)"
    ):
        fetch_dataset("videophy3", cache=tmp_path)
    with pytest.raises(TableError, match="hf download videophysics/videophy2_autoeval_scores"):
        load_scores("hub:videophy2")


def test_the_loaders_read_what_the_hub_gave(hub, tmp_path, monkeypatch, official):
    body = (official / "videophy2_test.csv").read_bytes()
    wanted = HubFile(
        "videophysics/videophy2_test", "videophy2_test.csv", "b" * 40, hashlib.sha256(body).hexdigest()
    )
    serve(hub, wanted, body, "b" * 40)
    monkeypatch.setitem(HUB_FILES, ("videophy2", "test"), wanted)
    monkeypatch.setattr(hub_module, "find_cache", lambda: tmp_path / "cache")
    original = hub_module.fetch_dataset
    monkeypatch.setattr(
        hub_module, "fetch_dataset", lambda name, split: original(name, split=split, endpoint=hub.url)
    )
    assert len(load_ratings("hub:videophy2")) == 8
