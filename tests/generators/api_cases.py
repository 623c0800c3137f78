"""What the tests of generators behind services share."""

from __future__ import annotations

import json

from tests.generators.video_replies import LUMA, OPENAI, VEO, VERTEX
from videophy_lab.generators.api import OpenAIVideos, Ray2, Veo
from videophy_lab.generators.base import Made, Order

KEY = "sk-a+secret/key-of-tests"
FAST = {
    "key_variable": "MY_VIDEO_KEY",
    "poll_start": 0.01,
    "poll_most": 0.02,
    "backoff": 0.01,
    "longest_wait": 2.0,
    "list_delay": 0.1,
    "timeout": 30.0,
    "job_timeout": 60.0,
}
PROTOCOLS = (LUMA, OPENAI, VEO, VERTEX)
LISTING = (LUMA, OPENAI)
# one protocol for each library
LIBRARIES = (LUMA, OPENAI, VEO)


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
