"""Videos made by workers of Ray are those that this process makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation.makers import Crowd, Fader
from tests.generation.test_run import make_prompts
from videophy_lab.engine.making_ray import plan_crew
from videophy_lab.engine.ray import open_cluster
from videophy_lab.generation import generate_videos
from videophy_lab.generators.base import GeneratorStoppedError

LAPTOP = [{"CPU": 2.0}]
STATION = [{"CPU": 16.0, "GPU": 4.0}]


class Network(Fader):
    device = "auto"


def test_workers_are_as_many_as_help() -> None:
    assert plan_crew(LAPTOP, Fader(), None, calls=10).size == 1
    assert plan_crew(LAPTOP, Fader(), 4, calls=10).size == 1
    assert plan_crew(LAPTOP, Crowd(), None, calls=10).size == 2
    assert plan_crew(LAPTOP, Crowd(), None, calls=1).size == 1
    crew = plan_crew(STATION, Network(), None, calls=10)
    assert (crew.size, crew.gpus) == (4, 1.0)
    assert plan_crew(STATION, Network(), 8, calls=10).gpus == 0.5
    assert plan_crew(LAPTOP, Network(), None, calls=10).gpus == 0.0
    forced = Network()
    forced.device = "cuda"
    with pytest.raises(ValueError, match="Ray knows of no machine with a GPU"):
        plan_crew(LAPTOP, forced, None, calls=10)


def test_ray_makes_the_same_videos_and_ends_as_the_local_engine_does(tmp_path: Path) -> None:
    prompts = make_prompts(*(f"Lamp {number}." for number in range(4)), "It raises.")
    here = generate_videos(Crowd(), prompts, out=tmp_path / "here", workers=1, progress=False).rows
    with open_cluster():
        there = generate_videos(
            Crowd(), prompts, out=tmp_path / "there", engine="ray", workers=2, progress=False
        )
        assert there.rows["sha256"].equals(here["sha256"])
        assert there.rows["error"].equals(here["error"])
        with pytest.raises(GeneratorStoppedError, match="export another"):
            generate_videos(
                Crowd(), make_prompts("It stops."), out=tmp_path / "there", engine="ray", progress=False
            )
        with pytest.raises(OSError, match="what was made is kept"):
            generate_videos(
                Crowd(), make_prompts("It dies."), out=tmp_path / "there", engine="ray", progress=False
            )
