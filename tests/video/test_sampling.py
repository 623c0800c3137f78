import json
import math

import numpy as np
import pytest

from tests.conftest import GOLDEN
from videophy_lab.video import SAMPLING, FrameView, VideoError, sample_frames

OFFICIAL = json.loads((GOLDEN / "videos" / "expected.json").read_text())


def take(view, n_frames, fps=24.0):
    return sample_frames(view, n_frames, fps).tolist()


@pytest.mark.parametrize(("n_frames", "expected"), OFFICIAL["frame_index_32"].items())
def test_official_32_frames_are_those_of_the_official_code(n_frames, expected):
    assert take(FrameView("official", 32), int(n_frames)) == expected


@pytest.mark.parametrize(("n_frames", "expected"), OFFICIAL["frame_index_8"].items())
def test_official_8_frames_are_those_of_the_official_code(n_frames, expected):
    assert take(FrameView("official", 8), int(n_frames)) == expected


@pytest.mark.parametrize("n_frames", [1, 2, 7, 48, 49, 50, 97, 121, 1000, 100_001])
@pytest.mark.parametrize(
    "view",
    [
        FrameView(),
        FrameView("official", 1),
        FrameView("official", 64),
        FrameView("videoscore", 16),
        FrameView("videoscore", 48),
        FrameView("uniform", 1),
        FrameView("uniform", 9),
        FrameView("fps", fps=2.0),
        FrameView("fps", fps=1e-9),
        FrameView("fps", 16, fps=1e9),
        FrameView("vbench_even"),
        FrameView("vbench_8fps"),
        FrameView("vbench_middle", 8),
    ],
)
def test_every_rule_stays_inside_the_video_and_ascends(view, n_frames):
    places = sample_frames(view, n_frames, 24.0)
    assert places.dtype == np.int64
    assert len(places) > 0
    assert places.min() >= 0
    assert places.max() < n_frames
    assert (np.diff(places) >= 0).all()


def test_every_rule_of_the_table_was_tested_by_its_name():
    assert set(SAMPLING) == {
        "all",
        "official",
        "videoscore",
        "uniform",
        "fps",
        "vbench_even",
        "vbench_8fps",
        "vbench_middle",
    }


def test_all_takes_every_frame():
    assert take(FrameView(), 5) == [0, 1, 2, 3, 4]


def test_videoscore_takes_steps_from_the_first_frame():
    assert take(FrameView("videoscore", 4), 10) == [0, 2, 5, 7]
    assert take(FrameView("videoscore", 4), 4) == [0, 1, 2, 3]
    assert take(FrameView("videoscore", 4), 3) == [0, 1, 2]


@pytest.mark.parametrize("count", [7, 16, 48])
def test_videoscore_never_takes_more_than_it_is_told(count):
    assert all(len(take(FrameView("videoscore", count), n)) == count for n in range(count, 1500))


def test_uniform_takes_both_ends_and_rounds_halves_to_even():
    assert take(FrameView("uniform", 3), 4) == [0, 2, 3]
    assert take(FrameView("uniform", 3), 6) == [0, 2, 5]
    assert take(FrameView("uniform", 9), 3) == [0, 1, 2]
    assert take(FrameView("uniform", 1), 3) == [0]


@pytest.mark.parametrize(
    ("n_frames", "fps", "expected"),
    [
        (120, 24.0, 10),  # 5 s at 2 a second
        (121, 24.0, 10),  # 10.08 is rounded down to an even number
        (49, 8.0, 12),  # 12.25
        (24, 24.0, 4),  # one second: 2, raised to the fewest
        (3, 24.0, 2),  # fewer than the fewest
        (2, 24.0, 2),
        (1, 24.0, 2),
        (61, 0.5, 60),  # more than there are: the largest even number
        (40_000, 10.0, 768),  # the most
    ],
)
def test_fps_takes_an_even_number_of_frames(n_frames, fps, expected):
    places = take(FrameView("fps", fps=2.0), n_frames, fps)
    assert len(places) == expected
    assert (places[0], places[-1]) == (0, n_frames - 1)


def test_fps_spreads_frames_as_torch_does():
    torch = pytest.importorskip("torch")
    for n_frames in (5, 16, 49, 61, 97, 121, 250):
        places = take(FrameView("fps", fps=8.0), n_frames, 24.0)
        assert places == torch.linspace(0, n_frames - 1, len(places)).round().long().tolist()


def test_fps_takes_no_more_than_the_count():
    assert len(take(FrameView("fps", 7, fps=24.0), 120)) == 6
    assert len(take(FrameView("fps", 3, fps=24.0), 120)) == 2


def test_vbench_takes_even_frames():
    assert take(FrameView("vbench_even"), 6) == [0, 2, 4]
    assert take(FrameView("vbench_even"), 7) == [0, 2, 4, 6]


@pytest.mark.parametrize(
    ("fps", "step"), [(8.0, 1), (3.0, 1), (11.9, 1), (12.0, 2), (20.0, 2), (24.0, 3), (28.0, 4), (30.0, 4)]
)
def test_vbench_takes_8_frames_a_second_by_whole_steps(fps, step):
    assert take(FrameView("vbench_8fps"), 13, fps) == list(range(0, 13, step))


def test_vbench_takes_the_middle_of_equal_stretches():
    assert take(FrameView("vbench_middle", 4), 10) == [0, 3, 5, 8]
    assert take(FrameView("vbench_middle", 8), 3) == [0, 1, 2, 2, 2, 2, 2, 2]


@pytest.mark.parametrize("fps", [math.nan, 0.0, -1.0, math.inf])
@pytest.mark.parametrize("view", [FrameView("fps", fps=2.0), FrameView("vbench_8fps")])
def test_a_rule_that_needs_the_frame_rate_says_so(view, fps):
    with pytest.raises(VideoError, match=r"needs frames a second.*Remedy.*official"):
        sample_frames(view, 49, fps)


def test_rules_that_count_frames_do_without_a_frame_rate():
    assert len(sample_frames(FrameView("official", 32), 49, math.nan)) == 32


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (FrameView("oficial", 32), "Did you mean official"),
        (FrameView(""), "Allowed: all, fps, official"),
        (FrameView("official"), r"needs count. Remedy: FrameView\('official', count="),
        (FrameView("fps"), "needs fps"),
        (FrameView("all", 32), "takes no count"),
        (FrameView("official", 32, fps=2.0), "takes no fps"),
        (FrameView("official", 0), "count is 0"),
        (FrameView("official", 2.5), "count is 2.5"),
        (FrameView("official", True), "count is True"),
        (FrameView("fps", 1, fps=2.0), "2 or more"),
        (FrameView("fps", fps=0.0), "fps is 0.0"),
        (FrameView("fps", fps=math.nan), "fps is nan"),
        (FrameView(size=(0, 224)), "size is"),
        (FrameView(size=(224,)), "size is"),
        (FrameView(size=(22.4, 224)), "size is"),
    ],
)
def test_a_view_that_no_video_satisfies_is_refused(view, message):
    with pytest.raises(ValueError, match=message) as caught:
        sample_frames(view, 49, 24.0)
    assert not isinstance(caught.value, VideoError)


def test_a_video_without_frames_is_refused():
    with pytest.raises(VideoError, match="no frames"):
        sample_frames(FrameView(), 0, 24.0)
