from __future__ import annotations

import json
import math

import pytest

from tests.generators.video_server import LUMA, OPENAI, VEO, VERTEX, VideoServer, make_clip
from videophy_lab.generators.api import OpenAIVideos, Ray2, Veo
from videophy_lab.generators.base import GeneratorStoppedError, Made, Order

KEY = "sk-a+secret/key-of-tests"
FAST = {
    "key_variable": "MY_VIDEO_KEY",
    "poll_start": 0.01,
    "poll_most": 0.02,
    "backoff": 0.01,
    "longest_wait": 2.0,
    "list_delay": 0.1,
    "timeout": 2.0,
    "job_timeout": 10.0,
}
PROTOCOLS = (LUMA, OPENAI, VEO, VERTEX)
LISTING = (LUMA, OPENAI)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("MY_VIDEO_KEY", KEY)


def build(server, protocol, **options):
    options = {"base_url": server.find_base(protocol), **FAST, **options}
    if protocol == LUMA:
        return Ray2(**options)
    if protocol == OPENAI:
        return OpenAIVideos(model="some-model", **options)
    platform = "vertex" if protocol == VERTEX else "gemini"
    return Veo(model="veo-test", platform=platform, **options)


def order(number=0, text="A red ball rolls off a table.", seed=0):
    return Order(f"ray2/{number:012x}/{seed}", f"{number:012x}", seed, text)


def make(generator, orders, folder) -> dict[str, Made]:
    made = {order.video_id: made for order, made in generator.make(orders, folder=folder / "jobs")}
    everything = "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()) + repr(
        list(made.values())
    )
    assert KEY not in everything
    assert json.dumps(KEY)[1:-1] not in everything
    return made


def make_one(generator, folder, **options) -> Made:
    (made,) = make(generator, [order(**options)], folder).values()
    return made


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_video_is_ordered_waited_for_and_fetched(tmp_path, protocol):
    with VideoServer(key=KEY, making=0.05) as server:
        made = make_one(build(server, protocol, price="0.5/s"), tmp_path, seed=7)
    seconds = 5 if protocol == LUMA else 4
    assert made.error == ""
    assert made.data == make_clip(seconds)
    assert made.text == "A red ball rolls off a table."
    assert made.cost == 0.5 * seconds
    assert made.seconds > 0.04
    assert made.settings["job"].endswith("job0")
    assert made.settings["can_be_made_again"] == (protocol in (VEO, VERTEX))
    response = json.loads(made.files["response.json"])
    assert "signature" not in json.dumps(response)
    assert "job0" in json.dumps(response)
    sent = server.sold[0].body
    if protocol == LUMA:
        assert sent == {
            "model": "ray-2",
            "prompt": made.text,
            "duration": "5s",
            "resolution": "720p",
            "aspect_ratio": "16:9",
        }
    elif protocol == OPENAI:
        assert sent == {"model": "some-model", "prompt": made.text, "seconds": "4", "size": "1280x720"}
    else:
        assert sent["parameters"]["seed"] == 7
        assert sent["parameters"]["durationSeconds"] == 4
        assert sent["parameters"]["sampleCount"] == 1
