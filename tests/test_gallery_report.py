"""A report with videos: written once, referred to by the page and by the notebook, equal from run to run."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import GOLDEN
from tests.test_gallery import Page, make_score, make_table
from videophy_lab.execution import normalise_text
from videophy_lab.outputs import Outputs
from videophy_lab.report import run_report

LIBRARY = Path(__file__).parent / "notebooks"
VIDEOS = GOLDEN / "videos"
NAMES = ("bounce_49f.mp4", "slide_20f_portrait.mp4", "broken_text.mp4", "float_32f_mpeg4.mp4")
PARAMS = "title: Videos\nnotebooks: [{notebook: videos, parameters: {videos: v.csv, scores: s.csv}}]\n"


def hash_tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a report whose notebook shows a gallery for the page, and one more."""
    folder = tmp_path_factory.mktemp("reports") / "clips"
    folder.mkdir()
    (folder / "params.yaml").write_text(PARAMS)
    make_table(*NAMES, caption="A <i>ball</i> falls.").to_csv(folder / "v.csv", index=False)
    pd.DataFrame([make_score("bounce_49f", "pc", 4.0)]).to_csv(folder / "s.csv", index=False)
    run_report(folder, library=LIBRARY, progress=False)
    return folder


def test_every_video_that_can_be_shown_is_written_once(made: Path) -> None:
    files = sorted(path.name for path in (made / "clips").iterdir())
    assert files == ["videos_all_1.mp4", "videos_all_2.mp4", "videos_all_3.mp4"]
    assert (made / "clips" / files[0]).read_bytes() == (VIDEOS / NAMES[0]).read_bytes()
    assert (made / "clips" / files[2]).read_bytes() != (VIDEOS / NAMES[3]).read_bytes()


def test_the_page_plays_the_files_and_says_what_they_are(made: Path) -> None:
    text = (made / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert [video["src"] for video in page.videos] == [f"clips/videos_all_{n}.mp4" for n in (1, 2, 3)]
    assert all(video["poster"].startswith("data:image/jpeg;base64,") for video in page.videos)
    assert page.tags.count("script") == 1
    assert 'src="' not in text.split("<script>")[1]
    assert "All <four> of them." in page.text
    assert "A <i>ball</i> falls." in page.text
    assert "broken_text.mp4 cannot be read as a video" in page.text
    assert 'href="clips/videos_all_3.mp4"' in text
    assert "no score" in page.text


def test_the_notebook_refers_to_the_files_too(made: Path) -> None:
    for ending in ("html", "ipynb"):
        text = (made / "notebooks" / f"videos.{ending}").read_text(encoding="utf-8")
        assert "data:video/mp4" not in text
        assert text.count("../clips/videos_all_1.mp4") == 2
        assert text.count("../clips/videos_all_3.mp4") == 1
    page = Page((made / "notebooks" / "videos.html").read_text(encoding="utf-8"))
    for video in page.videos:
        assert (made / "notebooks" / video["src"]).is_file()
    assert page.tags.count("script") == 2


def test_two_runs_give_equal_bytes(made: Path) -> None:
    before = hash_tree(made)
    run_report(made, library=LIBRARY, progress=False)
    assert hash_tree(made) == before


def test_a_report_without_videos_has_neither_folder_nor_script(made: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(made, tmp_path / "plain")
    (folder / "params.yaml").write_text("title: Plain\nnotebooks: [plain]\n")
    run_report(folder, library=LIBRARY, progress=False)
    assert not (folder / "clips").exists()
    for page in (folder / "index.html", folder / "notebooks" / "plain.html"):
        assert "<script" not in page.read_text(encoding="utf-8")


def test_outputs_write_a_gallery_and_forget_the_files_of_the_last(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path, notebook="clips", labels={"bounce_49f": "Bounce"})
    assert not (tmp_path / "clips").exists()
    (tmp_path / "clips").mkdir()
    for name in ("clips_best_9.mp4", "clips_best_of_1.mp4"):
        (tmp_path / "clips" / name).touch()
    gallery = outputs.gallery(make_table(*NAMES[:2]), "best", caption="c", limit=1)
    assert [tile.title for tile in gallery.tiles] == ["Bounce"]
    assert sorted(path.name for path in (tmp_path / "clips").iterdir()) == [
        "clips_best_1.mp4",
        "clips_best_of_1.mp4",
    ]
    with pytest.raises(ValueError, match="has a gallery 'best' already"):
        outputs.gallery(make_table(NAMES[0]), "best", caption="c")
    with pytest.raises(ValueError, match="column 'low'"):
        outputs.gallery(make_table(NAMES[0]), "worst", caption="c", title_columns=["low"])


def test_a_short_folder_is_not_looked_for_in_what_is_embedded() -> None:
    embedded = '<video src="data:video/mp4;base64,AAAA/tmpAAAA">'
    text = f"{embedded} T_1a2b3 in /tmp/x, {embedded} T_1a2b3 at 0x7f12ab34cd"
    assert normalise_text(text, [Path("/tmp")]) == f"{embedded} T_1 in ./x, {embedded} T_1 at 0x…"
