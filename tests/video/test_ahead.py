import gc
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.video.made_videos import make_frames
from videophy_lab.video import Clip, FrameView, VideoError, ahead, decode_ahead, decode_clip, encode_video

VIDEOS = GOLDEN / "videos"
GOOD = ["bounce_49f.mp4", "slide_20f_portrait.mp4", "bars_61f_224.mp4", "single_1f.mp4", "fall_33f_444.mp4"]
VIEW = FrameView("official", 8, size=(32, 32))
CLIP_BYTES = 8 * 32 * 32 * 3


def count_threads():
    return sum(thread.name.startswith("decode") for thread in threading.enumerate())


@pytest.fixture
def log(monkeypatch):
    """Record which videos were decoded, and when each was begun and finished."""
    begun, finished = [], []

    def decode(path, views, **options):
        begun.append(path)
        clip = decode_clip(path, views, **options)
        finished.append(path)
        return clip

    monkeypatch.setattr(ahead, "decode_clip", decode)
    return begun, finished


def settle(finished, count):
    """Wait until `count` videos are decoded, then a while longer for what should not come."""
    limit = time.monotonic() + 60
    while len(finished) < count and time.monotonic() < limit:
        time.sleep(0.005)
    time.sleep(0.15)
    return len(finished)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("look", [1, 4, 100])
@pytest.mark.parametrize("max_bytes", [1, CLIP_BYTES, 2**30])
def test_clips_come_in_order_and_equal_those_decoded_alone(threads, look, max_bytes):
    items = [(VIDEOS / name, [VIEW]) for name in GOOD]
    clips = list(decode_ahead(items, threads=threads, ahead=look, max_bytes=max_bytes))
    assert [clip.info.path for clip in clips] == [path for path, _ in items]
    for clip, (path, views) in zip(clips, items, strict=True):
        np.testing.assert_array_equal(clip.frames[VIEW], decode_clip(path, views).frames[VIEW])
    assert count_threads() == 0


def test_errors_take_their_videos_place():
    views = [VIEW]
    items = [
        (VIDEOS / "broken_text.mp4", views),
        (VIDEOS / GOOD[0], views),
        (VIDEOS / "absent.mp4", views),
        (VIDEOS / GOOD[0], [FrameView("oficial")]),
        (VIDEOS / "broken_cut_after_moov.mp4", views),
        None,
        (None, views),
        (VIDEOS / GOOD[1], views),
    ]
    results = list(decode_ahead(items))
    assert [isinstance(result, Clip) for result in results] == [False, True, *[False] * 5, True]
    messages = [str(result) for result in results if isinstance(result, VideoError)]
    for message, part in zip(
        messages,
        ["Invalid data", "No such file", "Did you mean official", "20 of the 49", "item", "None"],
        strict=True,
    ):
        assert part in message


def test_whatever_breaks_becomes_an_error_that_holds_nothing(monkeypatch):
    def run_out(*args, **kwargs):
        raise MemoryError("no memory for frames")

    monkeypatch.setattr(ahead, "decode_clip", run_out)
    (result,) = decode_ahead([("v.mp4", [VIEW])])
    assert isinstance(result, VideoError)
    assert str(result) == "v.mp4 cannot be decoded: MemoryError: no memory for frames"
    assert result.__traceback__ is result.__cause__ is result.__context__ is None


def test_no_items_give_nothing():
    assert list(decode_ahead([])) == []


@pytest.mark.parametrize("option", ["threads", "ahead", "max_bytes"])
def test_numbers_below_one_are_refused_at_once(option):
    with pytest.raises(ValueError, match=f"{option} is 0; it must be 1 or more"):
        decode_ahead([], **{option: 0})


def test_no_more_videos_than_told_are_taken_and_decoded(log):
    _, finished = log
    taken = []

    def offer():
        for number in itertools.count():
            taken.append(number)
            yield VIDEOS / GOOD[number % 5], [VIEW]

    with closing(decode_ahead(offer(), ahead=3)) as clips:
        assert taken == []
        for given in (1, 2):
            next(clips)
            assert settle(finished, given + 3) == len(taken) == given + 3


@pytest.mark.parametrize(("max_bytes", "allowed"), [(1, 1), (CLIP_BYTES, 1), (2 * CLIP_BYTES, 2), (2**30, 6)])
def test_no_more_bytes_than_told_are_held(log, max_bytes, allowed):
    begun, finished = log
    items = [(VIDEOS / GOOD[0], [VIEW])] * 9
    with closing(decode_ahead(items, threads=3, ahead=6, max_bytes=max_bytes)) as clips:
        for given in (1, 2, 3):
            next(clips)
            assert settle(finished, given + allowed) == given + allowed
        assert len(list(clips)) == 6
    assert len(begun) == len(finished) == 9


def test_a_failed_video_frees_its_bytes():
    good, broken = (VIDEOS / GOOD[0], [VIEW]), (VIDEOS / "broken_text.mp4", [VIEW])
    items = [good, broken, broken, good, broken, good] * 3
    results = list(decode_ahead(items, threads=3, ahead=5, max_bytes=CLIP_BYTES))
    assert [isinstance(result, Clip) for result in results] == [item is good for item in items]


def test_stopping_early_drops_the_rest(log):
    begun, finished = log
    clips = decode_ahead([(VIDEOS / name, [VIEW]) for name in GOOD * 20], max_bytes=1)
    next(clips)
    clips.close()
    assert count_threads() == 0
    assert len(begun) <= 4
    assert len(finished) <= 2
    with pytest.raises(StopIteration):
        next(clips)


def test_an_interrupt_in_the_items_stops_the_threads():
    def offer():
        yield VIDEOS / GOOD[0], [VIEW]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(decode_ahead(offer()))
    assert count_threads() == 0


def test_control_c_ends_the_program(tmp_path):
    code = f"""
import itertools, time
from pathlib import Path
from videophy_lab.video import FrameView, decode_ahead
items = itertools.repeat((Path({str(VIDEOS / GOOD[0])!r}), [FrameView()]))
for clip in decode_ahead(items, max_bytes=1):
    print("one", flush=True)
    time.sleep(0.01)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "one\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, 130)
    assert errors.rstrip().endswith("KeyboardInterrupt")


def make_thousand(folder):
    """Make 1,000 videos, every 33rd of them broken in one of three ways."""
    source = encode_video(make_frames(8, 32, 32), folder / "source.mp4", fps=8)
    broken = [b"", b"no video at all", source.read_bytes()[:-300]]
    for number in range(1000):
        path = folder / f"{number:04}.mp4"
        if number % 33 == 5:
            path.write_bytes(broken[number // 33 % 3])
        else:
            shutil.copy(source, path)
        yield path


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory and files are counted through /proc"
)
def test_a_thousand_videos_leak_nothing(tmp_path):
    paths = list(make_thousand(tmp_path))
    views = [FrameView(), FrameView("official", 32, size=(64, 64))]
    kept, memory, files = [], [], []
    for number, result in enumerate(decode_ahead([(path, views) for path in paths])):
        assert isinstance(result, VideoError) == (number % 33 == 5)
        if isinstance(result, VideoError):
            kept.append(result)
        if number % 100 == 99:
            gc.collect()
            memory.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
            files.append(len(os.listdir("/proc/self/fd")))
    assert number == 999
    assert len(kept) == 31
    assert max(files) - min(files) <= 4
    assert max(memory[2:]) - memory[1] < 8 * 2**20
    assert count_threads() == 0
