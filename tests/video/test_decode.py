import json
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.conftest import GOLDEN, SHARED
from tests.video.made_videos import damage_packet, make_frames, read_with_opencv, write_video
from videophy_lab.video import FrameView, VideoError, decode, decode_clip, hash_frames

VIDEOS = GOLDEN / "videos"
OWN = json.loads((VIDEOS / "expected.json").read_text())["clips"]
OFFICIAL = FrameView("official", 32, size=(224, 224))
FIXTURE = SHARED / "fixtures" / "autoeval" / "cases.json"


@pytest.fixture
def video(tmp_path):
    """Give a video of 12 frames of 64 × 48 pixels."""
    return write_video(tmp_path / "video.mp4", make_frames(12, 48, 64))


@pytest.mark.parametrize("threads", [1, 2, 4, 0])
@pytest.mark.parametrize("name", OWN)
def test_frames_are_those_of_the_official_code(name, threads):
    clip = decode_clip(VIDEOS / name, [OFFICIAL], threads=threads)
    assert clip.info.frames == OWN[name]["frames"]
    assert clip.indices[OFFICIAL].tolist() == OWN[name]["index"]
    assert clip.frames[OFFICIAL].shape == (32, 224, 224, 3)
    assert hash_frames(clip.frames[OFFICIAL]) == OWN[name]["sha256"]


def test_frames_of_the_official_examples_are_those_of_the_official_code(shared):
    cases = json.loads(FIXTURE.read_text())["cases"]
    index = np.load(FIXTURE.with_name("preprocess.npz"))
    examples = [case for case in cases if not case["video"].startswith("videos/")]
    assert len(examples) == 20
    for case in examples:
        clip = decode_clip(shared / "data" / "videos" / "videophy2" / case["video"], [OFFICIAL])
        assert clip.info.frames == case["preprocess"]["n_frames_total"]
        assert clip.indices[OFFICIAL].tolist() == index[f"{case['id']}_frame_index"].tolist()
        assert hash_frames(clip.frames[OFFICIAL]) == case["preprocess"]["frames_uint8_sha256"]


@pytest.mark.parametrize("name", OWN)
def test_frames_at_the_stored_size_are_those_of_opencv(name):
    clip = decode_clip(VIDEOS / name, [FrameView()])
    np.testing.assert_array_equal(clip.frames[FrameView()], read_with_opencv(VIDEOS / name))


def test_one_pass_serves_all_views(video, monkeypatch):
    import av

    opened, given, converted = [], [], []
    true_open, true_packets, true_convert = av.open, decode._decode_packets, decode._Converter.convert

    def count_open(*args, **kwargs):
        opened.append(args)
        return true_open(*args, **kwargs)

    def count_packets(*args):
        for frame in true_packets(*args):
            given.append(frame.pts)
            yield frame

    def count_conversions(self, frame, size):
        converted.append((frame.pts, size))
        return true_convert(self, frame, size)

    monkeypatch.setattr(av, "open", count_open)
    monkeypatch.setattr(decode, "_decode_packets", count_packets)
    monkeypatch.setattr(decode._Converter, "convert", count_conversions)
    small, large = (16, 16), (48, 64)
    views = [
        FrameView("official", 32, size=small),
        FrameView("videoscore", 4, size=small),
        FrameView("vbench_even"),
        FrameView("uniform", 2, size=large),
        FrameView("official", 32, size=small),
    ]
    clip = decode_clip(video, views)
    assert len(opened) == 1
    assert len(given) == len(set(given)) == 12
    assert len(converted) == len(set(converted))
    of_size = {size: sum(found == size for _, found in converted) for size in (small, large)}
    taken = set(clip.indices[views[0]].tolist()) | set(clip.indices[views[1]].tolist())
    assert of_size == {small: len(taken), large: 7}
    assert list(clip.frames) == views[:4]


def test_views_are_cut_from_the_same_frames(video):
    every = FrameView(size=(20, 30))
    views = [every, FrameView("official", 32, size=(20, 30)), FrameView("videoscore", 5, size=(20, 30))]
    clip = decode_clip(video, views)
    for view in views:
        np.testing.assert_array_equal(clip.frames[view], clip.frames[every][clip.indices[view]])


def test_views_of_the_same_frames_and_size_share_memory(video):
    views = [FrameView(), FrameView(size=(48, 64)), FrameView("videoscore", 12), FrameView("vbench_even")]
    taken = []
    clip = decode_clip(video, views, reserve=taken.append)
    assert clip.frames[views[0]] is clip.frames[views[1]] is clip.frames[views[2]]
    assert taken == [(12 + 6) * 48 * 64 * 3]


def test_frames_and_indices_cannot_be_written_to(video):
    clip = decode_clip(video, [FrameView()])
    with pytest.raises(ValueError, match="read-only"):
        clip.frames[FrameView()][0, 0, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        clip.indices[FrameView()][0] = 1
    assert clip.frames[FrameView()].dtype == np.uint8
    assert clip.seconds > 0


def test_waiting_for_room_is_no_time_of_decoding(video):
    clip = decode_clip(video, [FrameView()], reserve=lambda n_bytes: time.sleep(1))
    assert 0 < clip.seconds < 0.8


def test_no_views_give_the_description_alone(video):
    clip = decode_clip(video, [])
    assert clip.info.frames == 12
    assert not clip.frames
    assert not clip.indices


def test_decoding_stops_after_the_last_wanted_frame(tmp_path):
    source = write_video(tmp_path / "source.mp4", make_frames(40, 48, 64), options={"bf": "0"})
    damaged = damage_packet(source, tmp_path / "damaged.mp4", number=39)
    wanted = FrameView("official", 4)
    clip = decode_clip(damaged, [wanted])
    np.testing.assert_array_equal(clip.frames[wanted], decode_clip(source, [wanted]).frames[wanted])
    with pytest.raises(VideoError, match="only the first 39 of its 40 frames decode"):
        decode_clip(damaged, [wanted, FrameView()])


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(("number", "decoded"), [(0, 0), (25, 25)])
def test_a_damaged_file_says_how_many_frames_decode(tmp_path, number, decoded, threads):
    source = write_video(tmp_path / "source.mp4", make_frames(40, 48, 64), options={"bf": "0"})
    damaged = damage_packet(source, tmp_path / "damaged.mp4", number=number)
    with pytest.raises(
        VideoError, match=rf"damaged.mp4 is damaged: only the first {decoded} of its 40 frames"
    ):
        decode_clip(damaged, [FrameView()], threads=threads)


def test_a_rule_that_the_video_cannot_serve_names_the_video(tmp_path):
    fast = write_video(tmp_path / "fast.mp4", make_frames(12, 48, 64), rate=34417)
    with pytest.raises(VideoError, match=r"fast\.mp4: the sampling rule 'fps' needs frames a second"):
        decode_clip(fast, [FrameView("fps", fps=2.0)])
    assert len(decode_clip(fast, [OFFICIAL]).frames[OFFICIAL]) == 32


def test_a_wrong_view_is_refused_before_the_file_is_touched(tmp_path):
    with pytest.raises(ValueError, match="Did you mean official") as caught:
        decode_clip(tmp_path / "absent.mp4", [FrameView("offical", 32)])
    assert not isinstance(caught.value, VideoError)


def test_a_size_that_cannot_be_had_is_an_error_of_the_video(video):
    with pytest.raises(VideoError, match=r"video\.mp4: a frame of 64×48 pixels .* cannot be scaled"):
        decode_clip(video, [FrameView("uniform", 1, size=(200_000, 1))])


def test_importing_costs_no_decoder():
    code = "import sys, videophy_lab.video; print({'av', 'cv2', 'pandas', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
