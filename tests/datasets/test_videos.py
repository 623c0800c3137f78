"""Downloads: whole files or rows that say why not."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pandas as pd
import pytest

from videophy_lab.datasets import download_videos
from videophy_lab.datasets.videos import encode_url, make_file_name
from videophy_lab.schema import TableError

BODY = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40


def make_videos(hub, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "video_id": [f"g/{i}/0" for i in range(len(names))],
            "prompt_id": [str(i) for i in range(len(names))],
            "generator": "g",
            "seed": 0,
            "url": [f"{hub.url}/{name}" for name in names],
        }
    )


def download(videos, folder, **options):
    return download_videos(videos, folder, progress=False, retries=2, timeout=5, **options)


def test_good_and_dead_links_lie_in_one_table(hub, tmp_path):
    names = [
        "good.mp4",
        "gone.mp4",
        "page.mp4",
        "xml.mp4",
        "empty.mp4",
        "half.mp4",
        "busy.mp4",
        "Someone’s_—.mp4",
    ]
    for name in names:
        hub.files["/" + quote(name)] = BODY + name.encode()
    del hub.files["/gone.mp4"]
    hub.files["/empty.mp4"] = b""
    hub.behaviour = {"/page.mp4": "page", "/xml.mp4": "xml", "/half.mp4": "truncated", "/busy.mp4": "busy"}
    videos = make_videos(hub, names)
    videos.loc[len(videos)] = ["g/8/0", "8", "g", 0, None]

    table = download(videos, tmp_path)

    assert table["status"].tolist() == ["ok", *["failed"] * 5, "ok", "ok", "failed"]
    wanted = ["404", "a page, not a video", "a page, not a video", "empty", "Incomplete", "no url"]
    for message, error in zip(wanted, table.loc[table["status"] == "failed", "error"], strict=True):
        assert message in error
    good = table[table["status"] == "ok"]
    assert good["sha256"].tolist() == [
        hashlib.sha256(BODY + name.encode()).hexdigest() for name in (names[0], names[6], names[7])
    ]
    assert (tmp_path / "g" / "7" / "0.mp4").read_bytes() == BODY + names[7].encode()
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["0.mp4"] * 3
    assert hub.calls["/busy.mp4"] == 3
    assert table.loc[table["status"] == "failed", "path"].isna().all()
    assert good["error"].isna().all()


def test_a_second_run_fetches_only_what_failed(hub, tmp_path):
    hub.files["/a.mp4"] = BODY
    videos = make_videos(hub, ["a.mp4", "b.mp4"])
    assert download(videos, tmp_path)["status"].tolist() == ["ok", "failed"]
    hub.files["/b.mp4"] = BODY
    again = download(videos, tmp_path)
    assert again["status"].tolist() == ["ok", "ok"]
    assert hub.calls["/a.mp4"] == 1
    assert again["sha256"].nunique() == 1


def test_a_known_checksum_is_held_to(hub, tmp_path):
    hub.files |= {"/a.mp4": BODY, "/b.mp4": BODY + b"other"}
    digest = hashlib.sha256(BODY).hexdigest()
    videos = make_videos(hub, ["a.mp4", "b.mp4"]).assign(sha256=digest)
    stale = tmp_path / "g" / "0" / "0.mp4"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"half of an older file")
    table = download(videos, tmp_path)
    assert table["status"].tolist() == ["ok", "failed"]
    assert stale.read_bytes() == BODY
    assert f"expected is {digest}" in table["error"].iloc[1]
    assert not (tmp_path / "g" / "1" / "0.mp4").exists()


def test_nobody_at_home_is_a_dead_link(hub, tmp_path):
    videos = make_videos(hub, ["a.mp4"]).assign(url="http://127.0.0.1:9/a.mp4")
    table = download_videos(videos, tmp_path, progress=False, retries=0, timeout=1)
    assert table["status"].tolist() == ["failed"]
    assert "ConnectionError" in table["error"].iloc[0]


def test_file_names_are_safe_and_never_shared(hub, tmp_path):
    assert make_file_name("Dream Machine (LumaAI)", "../../etc", 0) == "Dream_Machine_LumaAI/etc/0.mp4"
    videos = make_videos(hub, ["a.mp4", "b.mp4"]).assign(generator=["A b", "a_B"], prompt_id="p")
    with pytest.raises(TableError, match=r"rows 1 and 2 would both be written to a_B/p/0\.mp4"):
        download(videos, tmp_path)


def test_urls_are_encoded_once():
    assert encode_url("https://h/a’s — b.mp4") == "https://h/a%E2%80%99s%20%E2%80%94%20b.mp4"
    assert encode_url("https://h/a%20b+c,d.mp4?x=1&y=%20") == "https://h/a%20b+c,d.mp4?x=1&y=%20"
    assert encode_url("https://h/100%.mp4") == "https://h/100%25.mp4"


def test_an_empty_table_and_one_without_urls(hub, tmp_path):
    videos = make_videos(hub, [])
    assert len(download(videos, tmp_path)) == 0
    with pytest.raises(TableError, match="the column url is missing"):
        download(videos.drop(columns="url"), tmp_path)
