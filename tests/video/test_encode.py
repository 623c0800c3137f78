import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import GOLDEN, ROOT
from tests.video.made_videos import make_frames, read_with_opencv
from videophy_lab.video import FrameView, VideoError, decode_clip, encode_video, hash_frames, probe_video

FRAMES = make_frames(12, 48, 64)


def decode(path):
    return decode_clip(path, [FrameView()]).frames[FrameView()]


def make_gradient(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([np.stack([x * 2 + i, y * 3, (x + y)], axis=-1) for i in range(6)]).astype(np.uint8)


@pytest.mark.parametrize(
    ("height", "width", "pixel_format"),
    [
        (48, 64, "yuv420p"),
        (64, 36, "yuv420p"),
        (2, 2, "yuv420p"),
        (90, 130, "yuv420p"),
        (37, 51, "yuv444p"),
        (48, 51, "yuv444p"),
        (37, 64, "yuv444p"),
        (1, 1, "yuv444p"),
    ],
)
def test_sizes_are_kept(tmp_path, height, width, pixel_format):
    frames = make_frames(5, height, width)
    info = probe_video(encode_video(frames, tmp_path / "v.mp4", fps=8))
    assert (info.codec, info.pixel_format, info.frames, info.fps) == ("h264", pixel_format, 5, 8.0)
    assert decode(tmp_path / "v.mp4").shape == frames.shape


@pytest.mark.parametrize("size", [(64, 96), (63, 95)])
def test_colours_are_kept_within_a_few_levels(tmp_path, size):
    frames = make_gradient(*size)
    path = encode_video(frames, tmp_path / "v.mp4", fps=8)
    for decoded in (decode(path), read_with_opencv(path)):
        difference = np.abs(decoded.astype(int) - frames)
        assert difference.mean() < 2.5
        assert difference.max() <= 12


def test_plain_colours_are_kept(tmp_path):
    colours = np.array([[0, 0, 0], [255, 255, 255], [200, 30, 40], [20, 180, 60], [30, 40, 210]], np.uint8)
    frames = np.broadcast_to(colours[:, None, None], (5, 32, 32, 3))
    decoded = decode(encode_video(frames, tmp_path / "v.mp4", fps=8, crf=4))
    assert np.abs(decoded.astype(int) - frames).max() <= 3


@pytest.mark.parametrize("size", [(48, 64), (37, 51), (1, 1)])
def test_lossless_gives_back_the_same_bytes(tmp_path, size, rng):
    frames = rng.integers(0, 256, (7, *size, 3), dtype=np.uint8)
    path = encode_video(frames, tmp_path / "v.mp4", fps=8, lossless=True)
    assert probe_video(path).codec == "h264"
    assert hash_frames(decode(path)) == hash_frames(frames)


def test_a_smaller_crf_is_nearer_and_larger(tmp_path):
    errors, sizes = [], []
    for crf in (4, 18, 40):
        path = encode_video(make_gradient(64, 96), tmp_path / f"{crf}.mp4", fps=8, crf=crf)
        errors.append(np.abs(decode(path).astype(int) - make_gradient(64, 96)).mean())
        sizes.append(path.stat().st_size)
    assert errors == sorted(errors)
    assert sizes == sorted(sizes, reverse=True)
    assert errors[0] < errors[2]


def test_a_smaller_qp_is_nearer_and_larger_and_frames_do_not_depend_on_others(tmp_path, rng):
    frames = np.concatenate([make_frames(6, 64, 96), rng.integers(0, 256, (6, 64, 96, 3), dtype=np.uint8)])
    order = rng.permutation(12)
    errors, sizes = [], []
    for qp in (1, 16, 40):
        path = encode_video(frames, tmp_path / "v.mp4", fps=8, qp=qp)
        decoded = decode(path)
        errors.append(np.abs(decoded.astype(int) - frames).mean())
        sizes.append(path.stat().st_size)
        np.testing.assert_array_equal(
            decode(encode_video(frames[order], tmp_path / "o.mp4", fps=8, qp=qp)), decoded[order]
        )
        alone = decode(encode_video(frames[9:10], tmp_path / "o.mp4", fps=8, qp=qp))
        np.testing.assert_array_equal(alone, decoded[9:10])
    assert errors == sorted(errors)
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"qp": 16}])
@pytest.mark.parametrize("size", [(48, 64), (32, 32), (37, 51)])
def test_equal_frames_give_equal_bytes(tmp_path, size, options):
    frames = make_frames(12, *size)
    paths = [encode_video(frames, tmp_path / f"{i}.mp4", fps=8, **options) for i in range(20)]
    assert len({path.read_bytes() for path in paths}) == 1


@pytest.mark.parametrize("fps", [8, 23.976, 24000 / 1001, 29.97, 0.5, 1 / 3, 0.01, 1000, np.float32(8)])
def test_the_frame_rate_is_kept(tmp_path, fps):
    assert probe_video(encode_video(FRAMES, tmp_path / "v.mp4", fps=fps)).fps == pytest.approx(fps, rel=1e-5)


def test_the_matrix_is_declared(tmp_path):
    import av

    encode_video(FRAMES, tmp_path / "v.mp4", fps=8)
    with av.open(str(tmp_path / "v.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_range) == (6, 1)


def test_frames_that_lie_scattered_in_memory_are_written(tmp_path):
    path = encode_video(FRAMES[::-2, ::2, ::-1], tmp_path / "v.mp4", fps=8, lossless=True)
    np.testing.assert_array_equal(decode(path), FRAMES[::-2, ::2, ::-1])


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        (FRAMES.astype(float), {}, "float64.*astype"),
        (FRAMES[0], {}, r"shape \(48, 64, 3\)"),
        (FRAMES[..., :1], {}, "height, width, 3"),
        (FRAMES[:0], {}, "nothing to write"),
        (FRAMES[:, :0], {}, "nothing to write"),
        ([FRAMES[0]], {}, "frames are a list"),
        (FRAMES, {"fps": 0}, "fps is 0"),
        (FRAMES, {"fps": -8}, "fps is -8"),
        (FRAMES, {"fps": float("nan")}, "fps is nan"),
        (FRAMES, {"fps": 34417}, "from 0.01 to 1000"),
        (FRAMES, {"crf": 52}, "crf is 52"),
        (FRAMES, {"crf": -1}, "crf is -1"),
        (FRAMES, {"qp": 0}, "qp is 0; it must be from 1"),
        (FRAMES, {"qp": 52}, "qp is 52"),
        (FRAMES, {"qp": 20, "lossless": True}, "not with lossless"),
        (FRAMES, {"preset": "quick"}, "no preset 'quick'.*Allowed.*medium"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, frames, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        encode_video(frames, tmp_path / "v.mp4", **({"fps": 8} | options))
    assert not isinstance(caught.value, VideoError)
    assert not list(tmp_path.iterdir())


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'v\.avi'; its name must end in \.mp4"):
        encode_video(FRAMES, tmp_path / "v.avi", fps=8)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(
        VideoError, match=r"cannot be written: No such file or directory.*check that the folder"
    ):
        encode_video(FRAMES, tmp_path / "none" / "v.mp4", fps=8)


def test_an_existing_file_is_replaced(tmp_path):
    path = tmp_path / 'it\'s, "quoted" ü.mp4'
    path.write_text("old")
    encode_video(FRAMES, path, fps=8)
    assert probe_video(path).frames == 12
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    path = tmp_path / "v.mp4"
    path.write_text("old")

    def fail(descriptor):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    expected = VideoError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(
        expected, match="No space left on device.*has room" if expected is VideoError else None
    ):
        encode_video(FRAMES, path, fps=8)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_a_file_that_may_not_grow_is_an_error(tmp_path):
    code = f"""
import resource
from tests.video.made_videos import make_frames
from videophy_lab.video import VideoError, encode_video
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    encode_video(make_frames(12, 48, 64), {str(tmp_path / "v.mp4")!r}, fps=8)
except VideoError as error:
    print(error)
"""
    # a package of the environment may bring a "tests" of its own
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stderr == ""
    assert "cannot be written: File too large" in done.stdout
    assert not list(tmp_path.iterdir())


def test_an_encoder_that_refuses_is_an_error(tmp_path):
    with pytest.raises(VideoError, match=r"shape \(1, 2, 40000, 3\) cannot be encoded as H.264"):
        encode_video(np.zeros((1, 2, 40000, 3), np.uint8), tmp_path / "v.mp4", fps=8)
    assert not list(tmp_path.iterdir())


def test_the_hash_is_that_of_the_bytes():
    expected = hashlib.sha256(FRAMES.tobytes()).hexdigest()
    assert hash_frames(FRAMES) == expected
    assert hash_frames(np.asfortranarray(FRAMES)) == expected
    assert hash_frames(FRAMES[::-1]) != expected


def test_the_hash_of_the_official_frames_is_theirs():
    own = json.loads((GOLDEN / "videos" / "expected.json").read_text())["clips"]["single_1f.mp4"]
    view = FrameView("official", 32, size=(224, 224))
    frames = decode_clip(GOLDEN / "videos" / "single_1f.mp4", [view]).frames[view]
    assert hash_frames(frames) == own["sha256"]


@pytest.mark.parametrize("frames", [FRAMES.astype(float), [1, 2], None])
def test_what_is_no_frames_has_no_hash(frames):
    with pytest.raises(ValueError, match="uint8"):
        hash_frames(frames)
