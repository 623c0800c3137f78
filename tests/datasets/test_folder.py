"""A folder of video files as a videos table."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import videophy_lab as lab
from videophy_lab.schema import TableError, make_prompt_id


def write_files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_captions_name_the_prompts_and_sub_folders_the_generators(tmp_path: Path) -> None:
    write_files(tmp_path, "wan/a.mp4", "wan/b.MP4", "sora/a.mp4", "notes.txt")
    (tmp_path / "captions.csv").write_text(
        'file,caption\nwan/a.mp4,"A ball falls, twice."\nwan/b.MP4,"A ball falls, twice."\n', encoding="utf-8"
    )
    videos = lab.load_videos(tmp_path).set_index("path")
    ball = make_prompt_id("A ball falls, twice.")
    ids = {Path(path).relative_to(tmp_path).as_posix(): row.video_id for path, row in videos.iterrows()}
    assert ids == {
        "wan/a.mp4": f"wan/{ball}/0",
        "wan/b.MP4": f"wan/{ball}/1",
        "sora/a.mp4": f"sora/{make_prompt_id('a')}/0",
    }
    assert videos["caption"].isna().sum() == 1
    assert videos["sha256"].nunique() == 3


def test_the_layout_of_downloads_is_read_back(tmp_path: Path) -> None:
    write_files(tmp_path, "wan/0123456789ab/0.mp4", "wan/0123456789ab/7.mp4")
    assert list(lab.load_videos(tmp_path)["video_id"]) == ["wan/0123456789ab/0", "wan/0123456789ab/7"]


def test_a_flat_folder_names_the_generator(tmp_path: Path) -> None:
    write_files(tmp_path / "mygen", "one.mp4", "two.webm")
    assert set(lab.load_videos(tmp_path / "mygen")["generator"]) == {"mygen"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,caption\na.mp4,x\n", "no column 'file'"),
        ("file,caption\nb.mp4,x\n", "'b.mp4' is not in the folder"),
        ("file,caption\na.mp4,x\na.mp4,y\n", "two captions"),
    ],
)
def test_faulty_captions_say_what_to_mend(tmp_path: Path, text: str, words: str) -> None:
    write_files(tmp_path, "a.mp4")
    (tmp_path / "captions.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=words):
        lab.load_videos(tmp_path)


def test_an_empty_folder_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="official file"):
        lab.load_videos(tmp_path)


def test_odd_entries_of_a_folder_are_passed_over_or_have_no_hash(tmp_path: Path) -> None:
    write_files(tmp_path, "wan/a.mp4", "wan/._a.mp4", "wan/x.mp4/inner.txt", f"wan/p/{'9' * 25}.mp4")
    (tmp_path / "wan" / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    os.mkfifo(tmp_path / "wan" / "pipe.mp4")
    videos = lab.load_videos(tmp_path)
    names = [Path(path).name for path in videos["path"]]
    assert sorted(names) == sorted(["a.mp4", "gone.mp4", "pipe.mp4", f"{'9' * 25}.mp4"])
    assert videos["sha256"].notna().sum() == 2


def test_a_caption_is_found_however_its_path_is_written(tmp_path: Path) -> None:
    write_files(tmp_path, "wan/a.mp4")
    (tmp_path / "captions.csv").write_text("file,caption\n./wan//a.mp4,A ball falls.\n", encoding="utf-8")
    assert lab.load_videos(tmp_path)["caption"].tolist() == ["A ball falls."]


def test_a_name_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    try:
        (tmp_path / "caf\udce9.mp4").write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such name")
    with pytest.raises(TableError, match="not UTF-8"):
        lab.load_videos(tmp_path)
