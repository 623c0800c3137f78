import math
import os
import shutil

import pytest

from tests.conftest import GOLDEN
from tests.video.made_videos import find_packets, make_frames, shift_times, write_sound, write_video
from videophy_lab.video import FrameView, VideoError, decode_clip, probe_video

VIDEOS = GOLDEN / "videos"


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "size", "frames", "fps"),
    [
        ("bounce_49f.mp4", "h264", "yuv420p", (160, 120), 49, 8.0),
        ("drift_121f_bframes.mp4", "h264", "yuv420p", (128, 72), 121, 24.0),
        ("fall_33f_444.mp4", "h264", "yuv444p", (96, 96), 33, 12.0),
        ("float_32f_mpeg4.mp4", "mpeg4", "yuv420p", (130, 90), 32, 8.0),
        ("single_1f.mp4", "h264", "yuv420p", (64, 64), 1, 5.0),
        ("slide_20f_portrait.mp4", "h264", "yuv420p", (96, 160), 20, 10.0),
    ],
)
def test_a_video_is_described(name, codec, pixel_format, size, frames, fps):
    info = probe_video(VIDEOS / name)
    assert (info.codec, info.pixel_format) == (codec, pixel_format)
    assert (info.width, info.height, info.frames, info.fps) == (*size, frames, fps)
    assert info.seconds == pytest.approx(frames / fps, abs=1e-3)
    assert info.path == VIDEOS / name


def test_a_path_may_be_text():
    assert probe_video(str(VIDEOS / "single_1f.mp4")).frames == 1


def test_frames_are_counted_where_the_file_claims_none(tmp_path):
    import av

    path = write_video(tmp_path / "unclaimed.mkv", make_frames(12, 48, 64))
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 0
    assert probe_video(path).frames == 12


@pytest.mark.parametrize("options", [{}, {"bf": "0"}])
@pytest.mark.parametrize("count", [12, 121])
def test_a_rate_of_34417_is_not_believed(tmp_path, count, options):
    path = write_video(tmp_path / "fast.mp4", make_frames(count, 48, 64), rate=34417, options=options)
    info = probe_video(path)
    assert info.frames == count
    assert math.isnan(info.fps)
    assert math.isnan(info.seconds)
    assert len(decode_clip(path, [FrameView()]).frames[FrameView()]) == count


@pytest.mark.parametrize("rate", [1, 240, 1000])
def test_high_rates_are_believed_up_to_a_thousand(tmp_path, rate):
    assert probe_video(write_video(tmp_path / "rate.mp4", make_frames(12, 48, 64), rate=rate)).fps == rate


def test_a_variable_rate_gives_the_mean(tmp_path):
    times = [0, 3, 4, 9, 20, 21, 22, 40, 41, 60, 61, 62]
    info = probe_video(write_video(tmp_path / "v.mp4", make_frames(12, 48, 64), rate=30, times=times))
    assert info.frames == 12
    assert info.seconds == pytest.approx(63 / 30, abs=0.02)
    assert info.fps == pytest.approx(12 / info.seconds, rel=0.05)


def test_frames_that_an_edit_list_hides_are_not_counted(tmp_path):
    source = write_video(tmp_path / "whole.mp4", make_frames(12, 48, 64), options={"bf": "0"})
    path = shift_times(source, tmp_path / "trimmed.mp4", hidden=4)
    assert len(find_packets(path)) == 12
    assert probe_video(path).frames == 8
    whole = decode_clip(source, [FrameView()]).frames[FrameView()]
    assert (decode_clip(path, [FrameView()]).frames[FrameView()] == whole[4:]).all()


def write_nothing(folder):
    """Make an AVI file with a video stream of no frames."""
    import av

    with av.open(str(folder / "nothing.avi"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    return folder / "nothing.avi"


def write_text(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def cut(folder, where):
    source = VIDEOS / "bounce_49f.mp4"
    (folder / "cut.mp4").write_bytes(source.read_bytes()[:where])
    return folder / "cut.mp4"


def cut_between_frames(folder):
    path = VIDEOS / "broken_cut_after_moov.mp4"
    place, size = find_packets(path)[9]
    (folder / "cut.mp4").write_bytes(path.read_bytes()[: place + size])
    return folder / "cut.mp4"


def make_pipe(folder):
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "absent.mp4", "absent.mp4 cannot be opened: No such file"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: write_video(folder / "a.mp4", make_frames(1, 16, 16)) / "b.mp4", "cannot be opened"),
        (lambda folder: folder / ("long" * 100), "cannot be opened: File name too long"),
        (lambda folder: f"{folder}/nul\0.mp4", "cannot be opened"),
        (make_pipe, "is not a regular file"),
        (lambda folder: VIDEOS / "broken_empty.mp4", r"is empty \(0 bytes\)"),
        (lambda folder: VIDEOS / "broken_text.mp4", "cannot be read as a video: Invalid data"),
        (lambda folder: write_text(folder, "notes.txt", "notes\n" * 99), "notes.txt is a text, not a video"),
        (lambda folder: VIDEOS / "broken_truncated.mp4", "cannot be read as a video: Invalid data"),
        (lambda folder: cut(folder, 2000), "cannot be read as a video"),
        (lambda folder: VIDEOS / "broken_cut_after_moov.mp4", "is cut off: 20 of the 49 frames"),
        (cut_between_frames, "is cut off: 10 of the 49 frames"),
        (lambda folder: write_sound(folder / "sound.mp4"), "no video stream; it has: audio"),
        (
            lambda folder: write_sound(folder / "song.mp4", cover=True),
            "no video stream; it has: audio, video",
        ),
        (write_nothing, "video stream without frames"),
        (
            lambda folder: write_text(folder, "l.mp4", "ffconcat version 1.0\nfile a.mp4\n"),
            "is a list of other files",
        ),
        (
            lambda folder: write_text(folder, "l.mp4", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"),
            "read as",
        ),
    ],
)
def test_what_is_no_video_is_an_error_that_says_why(tmp_path, make, message):
    if "list" in message:
        write_video(tmp_path / "a.mp4", make_frames(2, 16, 16))
    path = make(tmp_path)
    for read in (probe_video, lambda path: decode_clip(path, [FrameView()])):
        with pytest.raises(VideoError, match=rf"{message}(.|\n)*Remedy: "):
            read(path)


@pytest.mark.parametrize(
    "name",
    [
        'it\'s, "quoted".mp4',
        "a b%03d#?*[1].mp4",
        "http:x.mp4",
        "ü落下する球🙂.mp4",
        "-i.mp4",
        "line\nbreak.mp4",
        "none",
    ],
)
def test_odd_names_are_read(tmp_path, name, monkeypatch):
    shutil.copy(VIDEOS / "bounce_49f.mp4", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe_video(tmp_path / name).frames == probe_video(name).frames == 49


def test_names_that_are_no_unicode_are_read(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4")
    shutil.copy(VIDEOS / "bounce_49f.mp4", path)
    assert probe_video(path).frames == 49


def test_metadata_that_is_no_unicode_does_no_harm(tmp_path):
    source = write_video(
        tmp_path / "source.mkv",
        make_frames(2, 16, 16),
        prepare=lambda stream: stream.metadata.update(title="XYXY"),
    )
    data = source.read_bytes()
    assert b"XYXY" in data
    (tmp_path / "latin.mkv").write_bytes(data.replace(b"XYXY", b"\xff\xfe\xe4\xf6"))
    assert probe_video(tmp_path / "latin.mkv").frames == 2


def test_a_file_that_may_not_be_read_is_an_error(tmp_path, monkeypatch):
    import av

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied", "video.mp4")

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(VideoError, match="cannot be read as a video: Permission denied"):
        probe_video(VIDEOS / "bounce_49f.mp4")
