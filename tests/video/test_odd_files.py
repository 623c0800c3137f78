import numpy as np
import pytest

from tests.video.made_videos import make_frames, read_with_opencv, write_video
from videophy_lab.video import FrameView, VideoError, decode_clip

FRAMES = make_frames(12, 48, 64)
SMALL = FrameView("official", 8, size=(32, 32))


def declare_bt709(stream):
    stream.codec_context.colorspace = stream.codec_context.color_range = 1


@pytest.mark.parametrize(
    ("name", "frames", "settings"),
    [
        ("bframes.mp4", FRAMES, {"options": {"bf": "3"}}),
        ("444.mp4", FRAMES, {"pixel_format": "yuv444p"}),
        ("odd_444.mp4", make_frames(12, 37, 51), {"pixel_format": "yuv444p"}),
        ("full_range.mp4", FRAMES, {"pixel_format": "yuvj420p"}),
        ("bt709.mp4", FRAMES, {"prepare": declare_bt709}),
        ("grey.mp4", FRAMES, {"pixel_format": "gray"}),
        ("portrait.mp4", make_frames(12, 64, 36), {}),
        ("one.mp4", FRAMES[:1], {}),
        ("tiny.mp4", make_frames(3, 2, 2), {}),
        ("times.mp4", FRAMES, {"rate": 30, "times": [0, 3, 4, 9, 20, 21, 22, 40, 41, 60, 61, 62]}),
        ("fragments.mp4", FRAMES, {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        ("late_index.mov", FRAMES, {}),
        (
            "hevc.mp4",
            FRAMES,
            {"codec": "libx265", "options": {"x265-params": "log-level=none:pools=1:frame-threads=1"}},
        ),
        ("vp9.webm", FRAMES, {"codec": "libvpx-vp9"}),
        ("vp8.webm", FRAMES, {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "8"}}),
        ("mpeg4.avi", FRAMES, {"codec": "mpeg4"}),
        ("h264.mkv", FRAMES, {}),
        ("h264.ts", FRAMES, {}),
        ("motion.mov", FRAMES, {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
        ("lossless.mkv", FRAMES, {"codec": "ffv1"}),
    ],
)
def test_eight_bit_files_decode_as_with_opencv(tmp_path, name, frames, settings):
    path = write_video(tmp_path / name, frames, **settings)
    clip = decode_clip(path, [FrameView(), SMALL], threads=2)
    np.testing.assert_array_equal(clip.frames[FrameView()], read_with_opencv(path))
    assert clip.frames[FrameView()].shape == frames.shape
    assert clip.frames[SMALL].shape == (8, 32, 32, 3)


@pytest.mark.parametrize(
    ("name", "frames", "settings"),
    [
        ("10bit.mp4", FRAMES, {"pixel_format": "yuv420p10le"}),
        ("prores.mov", FRAMES, {"codec": "prores", "pixel_format": "yuv422p10le"}),
        ("odd_mpeg4.mp4", make_frames(12, 37, 51), {"codec": "mpeg4"}),
        ("odd_vp9.webm", make_frames(12, 37, 51), {"codec": "libvpx-vp9"}),
    ],
)
def test_ten_bits_and_odd_sizes_decode_nearly_as_with_opencv(tmp_path, name, frames, settings):
    path = write_video(tmp_path / name, frames, **settings)
    decoded = decode_clip(path, [FrameView()]).frames[FrameView()]
    assert decoded.shape == frames.shape
    difference = np.abs(decoded.astype(int) - read_with_opencv(path))
    assert difference.max() <= 6
    assert difference.mean() < 2


def test_av1_decodes(tmp_path):
    frames = make_frames(6, 64, 64)
    path = write_video(tmp_path / "av1.mp4", frames, codec="libsvtav1", options={"svtav1-params": "lp=1"})
    clip = decode_clip(path, [FrameView()])
    assert clip.info.codec == "av1"
    assert clip.frames[FrameView()].shape == frames.shape


@pytest.mark.parametrize("degrees", [90, 180, 270, -90])
def test_turned_pictures_are_set_upright_as_opencv_does(tmp_path, degrees):
    path = write_video(
        tmp_path / "t.mp4", FRAMES, prepare=lambda stream: stream.set_display_rotation(degrees)
    )
    clip = decode_clip(path, [FrameView(), SMALL])
    upright = read_with_opencv(path)
    assert upright.shape == ((12, 48, 64, 3) if degrees == 180 else (12, 64, 48, 3))
    assert (clip.info.width, clip.info.height) == (64, 48)
    np.testing.assert_array_equal(clip.frames[FrameView()], upright)
    still = write_video(tmp_path / "s.mp4", FRAMES)
    assert not np.array_equal(clip.frames[SMALL], decode_clip(still, [SMALL]).frames[SMALL])


def test_other_angles_are_ignored(tmp_path):
    path = write_video(tmp_path / "t.mp4", FRAMES, prepare=lambda stream: stream.set_display_rotation(45))
    np.testing.assert_array_equal(
        decode_clip(path, [FrameView()]).frames[FrameView()], read_with_opencv(path)
    )


@pytest.mark.parametrize("threads", [1, 4])
def test_a_resolution_that_changes_is_scaled_to_the_first(tmp_path, threads):
    first = write_video(tmp_path / "first.h264", make_frames(6, 48, 64))
    second = write_video(tmp_path / "second.h264", make_frames(6, 32, 40))
    path = tmp_path / "both.h264"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    large, small = FrameView(), FrameView(size=(32, 40))
    clip = decode_clip(path, [large, small], threads=threads)
    assert clip.frames[large].shape == (12, 48, 64, 3)
    np.testing.assert_array_equal(clip.frames[large][:6], decode_clip(first, [large]).frames[large])
    np.testing.assert_array_equal(clip.frames[small][6:], decode_clip(second, [small]).frames[small])


def test_a_file_whose_frames_all_break_is_an_error(tmp_path):
    path = write_video(tmp_path / "v.mp4", FRAMES)
    data = path.read_bytes()
    start = data.index(b"mdat") + 4
    path.write_bytes(data[:start] + bytes(len(data) - start))
    with pytest.raises(VideoError, match=r"v\.mp4.*Remedy"):
        decode_clip(path, [FrameView()])
