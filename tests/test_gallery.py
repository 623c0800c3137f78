"""Videos side by side: what is embedded, what is said, and that text stays text."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.conftest import GOLDEN
from tests.video.made_videos import make_frames, write_video
from videophy_lab.gallery import footage
from videophy_lab.gallery.marks import Mark, list_marks, say_number
from videophy_lab.video import encode_video, probe_video

VIDEOS = GOLDEN / "videos"
TRICKY = "A <b>cup</b> & a </script><script>document.title = 'hacked'</script> \"plate\" for $5 or $6."


class Page(HTMLParser):
    """Collect the tags of a gallery, its videos and its text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.videos: list[dict] = []
        self.groups: list[dict] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        if tag == "video":
            self.videos.append(dict(attrs))
        if dict(attrs).get("role") == "group":
            self.groups.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] not in (["script"], ["style"]):
            self.text += data


def make_table(*names: str, **columns: object) -> pd.DataFrame:
    rows = [
        {
            "video_id": f"{Path(name).stem}/00aa/0",
            "prompt_id": "00aa",
            "generator": Path(name).stem,
            "path": str(VIDEOS / name),
        }
        for name in names
    ]
    return pd.DataFrame(rows).assign(**columns)


def read_page(gallery: lab.gallery.Gallery) -> Page:
    return Page(gallery._repr_html_())


def decode_address(address: str) -> bytes:
    return base64.b64decode(address.partition(",")[2], validate=True)


def probe_bytes(data: bytes) -> tuple[str, str, str, int, int, int]:
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        frames = sum(1 for _ in container.decode(stream))
        return context.name, context.profile, context.pix_fmt, context.width, context.height, frames


def make_score(video: str, task: str, score: float, status: str = "ok", **more: object) -> dict:
    return {
        "video_id": f"{video}/00aa/0", "scorer": "autoeval", "spec": "ab12", "task": task, "score": score,
        "status": status, **more,
    }  # fmt: skip


def test_what_a_browser_plays_is_embedded_byte_for_byte() -> None:
    page = read_page(lab.show(make_table("bounce_49f.mp4", "slide_20f_portrait.mp4")))
    for video, name in zip(page.videos, ("bounce_49f.mp4", "slide_20f_portrait.mp4"), strict=True):
        assert decode_address(video["src"]) == (VIDEOS / name).read_bytes()
        assert decode_address(video["poster"])[:3] == b"\xff\xd8\xff"
        assert {"controls", "muted", "loop", "playsinline"} <= video.keys()
    assert page.videos[0]["data-frames"] == "49"
    assert float(page.videos[0]["data-fps"]) == 8
    assert "encoded anew" not in page.text


@pytest.mark.parametrize(
    ("name", "said", "shape"),
    [
        ("fall_33f_444.mp4", "High 4:4:4 Predictive, yuv444p", (96, 96, 33)),
        ("float_32f_mpeg4.mp4", "the file is mpeg4", (130, 90, 32)),
    ],
)
def test_what_browsers_do_not_show_is_encoded_anew(name: str, said: str, shape: tuple) -> None:
    page = read_page(lab.show(make_table(name)))
    codec, profile, pixels, *found = probe_bytes(decode_address(page.videos[0]["src"]))
    assert (codec, profile, pixels) == ("h264", "High", "yuv420p")
    assert tuple(found) == shape
    assert said in page.text


def test_odd_lossless_and_large_videos_are_shown(tmp_path: Path, rng: np.random.Generator) -> None:
    frames = rng.integers(0, 255, (3, 1, 1, 3), dtype=np.uint8)
    for name, height, width, lossless in (("odd", 33, 21, False), ("lossless", 40, 900, True)):
        grown = np.broadcast_to(frames, (3, height, width, 3)).copy()
        encode_video(grown, tmp_path / f"{name}.mp4", fps=12, lossless=lossless)
    odd, lossless = (footage.read_footage(tmp_path / f"{name}.mp4") for name in ("odd", "lossless"))
    assert probe_bytes(odd.data)[2:] == ("yuv420p", 20, 32, 3)
    assert probe_bytes(lossless.data)[2:] == ("yuv420p", 720, 32, 3)
    assert (odd.fps, lossless.fps) == (12, 12)
    assert odd.poster.startswith("data:image/jpeg;base64,")


def test_a_lossless_stream_is_known_by_its_profile(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", make_frames(2, 32, 32), options={"qp": "0"})
    assert probe_video(path).pixel_format == "yuv420p"
    shown = footage.read_footage(path)
    assert "4:4:4" in shown.note
    assert probe_bytes(shown.data)[1] == "High"


def test_a_frame_rate_beyond_belief_is_replaced_and_said(tmp_path: Path) -> None:
    path = write_video(tmp_path / "fast.mp4", make_frames(9, 48, 64), rate=34417)
    shown = footage.read_footage(path)
    assert (shown.fps, shown.frames) == (footage.ASSUMED_FPS, 9)
    assert "no frame rate that can be believed; shown at 24 a second" in shown.note


def test_another_container_is_encoded_anew(tmp_path: Path) -> None:
    shown = footage.read_footage(write_video(tmp_path / "a.mkv", make_frames(3, 32, 32)))
    assert "the file is no mp4" in shown.note
    assert shown.data[4:8] == b"ftyp"


def test_a_long_video_is_made_small_enough_to_be_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footage, "MOST_FRAME_BYTES", 32 * 65 * 45 * 3)
    shown = footage.read_footage(VIDEOS / "float_32f_mpeg4.mp4")
    assert probe_bytes(shown.data)[3:] == (64, 44, 32)


def test_a_broken_file_is_a_tile_with_its_reason() -> None:
    videos = make_table("bounce_49f.mp4", "broken_empty.mp4", "gone.mp4", "bounce_49f.mp4")
    videos.loc[3, ["video_id", "path"]] = ["none/00aa/0", None]
    gallery = lab.show(videos)
    page = read_page(gallery)
    assert len(page.videos) == 1
    assert "Not shown broken_empty.mp4 is empty (0 bytes)" in page.text
    assert "Not shown gone.mp4 cannot be opened: No such file or directory" in page.text
    assert "the table gives no path" in page.text
    assert str(VIDEOS) not in gallery._repr_html_()
    assert repr(gallery).startswith(
        "Gallery of 1 video: bounce_49f/00aa/0; broken_empty/00aa/0 cannot be shown"
    )


def test_without_a_script_there_are_no_buttons_but_those_of_each_video() -> None:
    page = read_page(lab.show(make_table("bounce_49f.mp4")))
    assert "button" not in page.tags
    assert "controls" in page.videos[0]


def test_captions_and_names_are_text() -> None:
    videos = make_table("bounce_49f.mp4", caption=TRICKY, generator="<i>x</i>")
    scores = pd.DataFrame([make_score("bounce_49f", "pc", np.nan, "unscored", answer="<img src=x>")])
    gallery = lab.show(videos, scores=scores)
    page = read_page(gallery)
    assert TRICKY in page.text
    assert "<i>x</i>" in page.text
    assert page.tags.count("script") == 1
    assert {"b", "i", "img"}.isdisjoint(page.tags)
    assert page.videos[0]["aria-label"] == f"<i>x</i>: {TRICKY}"
    assert "mathjax_ignore" in page.groups[0]["class"]


def test_equal_calls_give_equal_text_and_nothing_is_loaded() -> None:
    videos = make_table("fall_33f_444.mp4", "bounce_49f.mp4", "broken_text.mp4")
    text = lab.show(videos)._repr_html_()
    assert lab.show(videos)._repr_html_() == text
    assert not re.search(r"https?:|//cdn|@import|url\(| id=", text)
    assert all(video["src"].startswith("data:video/mp4;base64,") for video in Page(text).videos)


def test_marks_say_what_is_known_and_why_something_is_not() -> None:
    ids = ["a/00aa/0", "b/00aa/0", "c/00aa/0"]
    rated = [
        ("a", "1", "sa", 4),
        ("a", "2", "sa", 5),
        ("a", "3", "sa", 4),
        ("b", "1", "sa", 3),
        ("b", "1", "pc", 1),
    ]
    ratings = pd.DataFrame(
        [
            {"video_id": f"{v}/00aa/0", "prompt_id": "00aa", "generator": v, "annotator": who, "task": task,
             "rating": value} for v, who, task, value in rated
        ]
    )  # fmt: skip
    scores = pd.DataFrame(
        [
            make_score("a", "sa", 4.0),
            make_score("a", "pc", np.nan, "unscored", error="two numbers", answer="4 or 3"),
            make_score("b", "sa", np.nan, "unscored", answer="four, I think"),
            make_score("b", "pc", np.nan, "failed"),
            make_score("a", "motion", 0.98765) | {"scorer": "motion"},
            make_score("b", "motion", -1234.4) | {"scorer": "motion"},
        ]
    )
    assert list_marks(ids, ratings=ratings, scores=scores) == {
        "a/00aa/0": (
            Mark("3 people", ("SA 4.3",)),
            Mark("autoeval", ("SA 4", "PC unscored"), ("PC: two numbers",)),
            Mark("motion", ("0.988",)),
        ),
        "b/00aa/0": (
            Mark("people", ("SA 3", "PC 1")),
            Mark("autoeval", ("SA unscored", "PC failed"), ("SA: four, I think", "PC: no reason is given")),
            Mark("motion", ("−1234",)),
        ),
        "c/00aa/0": (
            Mark("people", ("not rated",)),
            Mark("autoeval", ("SA no score", "PC no score")),
            Mark("motion", ("no score",)),
        ),
    }


def test_rules_are_counted() -> None:
    labels = [0, 1, 1, 2]
    ratings = pd.DataFrame(
        [
            {"video_id": "a/00aa/0", "task": "rule", "rule_id": str(n), "rating": r}
            for n, r in enumerate(labels)
        ]
    )
    rows = [make_score("a", "rule", label, rule_id=str(n)) for n, label in enumerate(labels[:2])]
    lost = make_score("a", "rule", np.nan, "unscored", rule_id="9", error="no label in it")
    marks = list_marks(["a/00aa/0"], ratings=ratings, scores=pd.DataFrame([*rows, lost]))
    assert marks["a/00aa/0"] == (
        Mark("people", ("rules: 2 of 3 followed, 1 undetermined",)),
        Mark("autoeval", ("rules: 1 of 2 followed, 1 unscored",), ("rule: no label in it",)),
    )


def test_specs_and_probes_are_told_apart() -> None:
    rows = [
        make_score("a", "pc", 4.0),
        make_score("a", "pc", 2.0, probe="reverse"),
        make_score("a", "pc", 3.0) | {"spec": "cd34"},
    ]
    assert list_marks(["a/00aa/0"], scores=pd.DataFrame(rows))["a/00aa/0"] == (
        Mark("autoeval (ab12)", ("PC 4", "PC (reverse) 2")),
        Mark("autoeval (cd34)", ("PC 3",)),
    )


def test_scores_of_other_videos_are_an_error() -> None:
    scores = pd.DataFrame([make_score("another", "pc", 4.0)])
    with pytest.raises(ValueError, match=r"scores have no row of the videos.*'another/00aa/0'.*Remedy"):
        lab.show(make_table("bounce_49f.mp4"), scores=scores)


def test_numbers_are_short() -> None:
    assert [say_number(value) for value in (4.0, 4.25, 0.012345, 123.4, -0.5)] == [
        "4", "4.25", "0.0123", "123", "−0.5",
    ]  # fmt: skip


def test_a_limit_is_said_and_megabytes_are_bounded() -> None:
    videos = make_table("bounce_49f.mp4", "slide_20f_portrait.mp4", "single_1f.mp4")
    gallery = lab.show(videos, limit=2)
    assert len(gallery.tiles) == 2
    assert "2 of 3 videos; limit=3 shows all." in read_page(gallery).text
    assert repr(gallery).endswith("; 2 of 3 videos; limit=3 shows all")
    with pytest.raises(ValueError, match=r"first 2 videos take more than the 0.01 MB.*limit=1, or most_mega"):
        lab.show(videos, most_megabytes=0.01)
    with pytest.raises(ValueError, match=r"first 1 video take.*Remedy: most_megabytes=0.002"):
        lab.show(videos, most_megabytes=0.001)


def test_titles_come_from_columns() -> None:
    videos = make_table(
        "bounce_49f.mp4", "single_1f.mp4", generator="wan", seed=[0, 7], law=["gravity", None]
    )
    assert [tile.title for tile in lab.show(videos).tiles] == ["wan · seed 0", "wan · seed 7"]
    assert [tile.title for tile in lab.show(videos.head(1), labels={"wan": "Wan 2.1"}).tiles] == ["Wan 2.1"]
    named = lab.show(videos, title_columns=["law", "generator"], labels={"wan": "Wan 2.1"})
    assert [tile.title for tile in named.tiles] == ["gravity · Wan 2.1", "Wan 2.1"]
    assert [tile.title for tile in lab.show(videos, title_columns=[]).tiles] == ["", ""]
    with pytest.raises(ValueError, match=r"no column 'laws'; did you mean law\?"):
        lab.show(videos, title_columns=["laws"])


def test_one_video_may_be_shown_beside_several_others() -> None:
    videos = make_table(
        "bounce_49f.mp4", "single_1f.mp4", "bounce_49f.mp4", shown=["right", "wrong", "right"]
    )
    tiles = lab.show(videos, title_columns=["shown"]).tiles
    assert [tile.title for tile in tiles] == ["right", "wrong", "right"]


def test_a_folder_and_a_table_beside_its_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.mp4").write_bytes((VIDEOS / "single_1f.mp4").read_bytes())
    (tmp_path / "clips" / "captions.csv").write_text("file,caption\na.mp4,A cup stands.\n")
    assert [tile.caption for tile in lab.show(tmp_path / "clips").tiles] == ["A cup stands."]
    make_table("single_1f.mp4", path="clips/a.mp4").to_csv(tmp_path / "videos.csv", index=False)
    pd.DataFrame([make_score("single_1f", "pc", 4.0)]).to_csv(tmp_path / "scores.csv", index=False)
    gallery = lab.show(tmp_path / "videos.csv", scores=tmp_path / "scores.csv")
    assert gallery.tiles[0].footage is not None
    assert gallery.tiles[0].marks == (Mark("autoeval", ("PC 4",)),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": 0}, "columns is 0; it must be 1 or more"),
        ({"width": 0}, "width is 0"),
        ({"limit": 0}, "limit is 0"),
    ],
)
def test_numbers_out_of_range_are_named(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lab.show(make_table("single_1f.mp4"), **change)


def test_nothing_to_show_is_named() -> None:
    videos = make_table("single_1f.mp4")
    with pytest.raises(ValueError, match="there is no video in it"):
        lab.show(videos.head(0))
    with pytest.raises(ValueError, match=r"have no path.*Remedy"):
        lab.show(videos.drop(columns="path"))
    with pytest.raises(ValueError, match=r"videophy2.*have no path.*download_videos"):
        lab.show("videophy2")
