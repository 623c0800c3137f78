"""Five scorers over forty videos: every video is opened and decoded once, for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.scorers import Brightness
from tests.metrics.test_flow import cut_moving, make_texture
from videophy_lab.scoring import score_videos
from videophy_lab.video import decode, encode_video

VIDEOS, FRAMES, SIZE = 40, 9, (64, 80)
METRICS = ["temporal_flickering", "sharpness", "flow_smoothness", "dynamic_degree_dis"]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write forty short videos, 16 frames a second, which the metrics see at different frames."""
    rng = np.random.default_rng(11)
    folder = tmp_path_factory.mktemp("videos")
    (folder / "made").mkdir()
    for number in range(VIDEOS):
        texture = make_texture(rng, SIZE[0], SIZE[1] + 8 * FRAMES)
        frames = cut_moving(texture, [(0, number % 8 * step) for step in range(FRAMES)], *SIZE)
        encode_video(frames, folder / f"made/{number:02}.mp4", fps=16)
    return folder


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Counter[str]]:
    """Count by file the times that it is opened, the passes of the decoder, and the frames it gives."""
    import av

    found: dict[str, Counter[str]] = {"opened": Counter(), "passes": Counter(), "frames": Counter()}
    real_open, real_decode = av.open, decode._decode_packets

    def open_counted(file: Any, *arguments: Any, **options: Any) -> Any:
        found["opened"][Path(str(file)).name] += 1
        return real_open(file, *arguments, **options)

    def decode_counted(info: Any, stream: Any, packets: Any) -> Iterator[Any]:
        found["passes"][info.path.name] += 1
        for frame in real_decode(info, stream, packets):
            found["frames"][info.path.name] += 1
            yield frame

    monkeypatch.setattr(av, "open", open_counted)
    monkeypatch.setattr(decode, "_decode_packets", decode_counted)
    return found


def test_five_scorers_decode_forty_videos_once(
    tmp_path: Path, videos: Path, counts: dict[str, Counter[str]]
) -> None:
    judge = Brightness(frames=4, size=(16, 24))
    scorers = [*METRICS, judge]
    outcome = score_videos(videos, scorers, out=tmp_path, progress=False)
    rows = outcome.rows
    assert rows["status"].unique().tolist() == ["ok"]
    assert rows.groupby("scorer")["video_id"].nunique().to_dict() == {
        name: VIDEOS for name in [*METRICS, judge.card.name]
    }
    assert len({scorer.view for scorer in outcome.plan.scorers.values()}) == 3
    names = {f"{number:02}.mp4" for number in range(VIDEOS)}
    assert counts["passes"] == Counter(dict.fromkeys(names, 1))
    assert counts["frames"] == Counter(dict.fromkeys(names, FRAMES))
    assert counts["opened"] == Counter(dict.fromkeys(names, 1))


def test_a_second_run_decodes_nothing(tmp_path: Path, videos: Path, counts: dict[str, Counter[str]]) -> None:
    metrics = METRICS[:2]
    first = score_videos(videos, metrics, out=tmp_path, progress=False)
    counts["passes"].clear()
    again = score_videos(videos, metrics, out=tmp_path, progress=False)
    assert (first.asked, again.asked) == (2 * VIDEOS, 0)
    assert not counts["passes"]
    assert again.rows["score"].tolist() == first.rows["score"].tolist()
