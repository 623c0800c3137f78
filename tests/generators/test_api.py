from __future__ import annotations

import json
import signal
import threading
import time
from dataclasses import fields
from typing import get_type_hints

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import TypeAdapter

from tests.generators.api_cases import KEY, LISTING, PROTOCOLS, build, make, make_one, order
from tests.generators.video_replies import LUMA, OPENAI, VEO, VERTEX, make_clip
from tests.generators.video_server import VideoServer
from videophy_lab import registry
from videophy_lab.generators import api
from videophy_lab.generators.api import OpenAIVideos, Ray2, Veo
from videophy_lab.generators.base import GeneratorStoppedError, Order


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("MY_VIDEO_KEY", KEY)


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


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_video_is_given_as_soon_as_it_is_there_and_no_more_are_made_at_once_than_allowed(
    tmp_path, protocol
):
    with VideoServer(making=0.6) as server:
        generator = build(server, protocol, concurrency=3)
        assert generator.batch_size >= 3
        began, times = time.monotonic(), []
        for _, made in generator.make([order(number) for number in range(6)], folder=tmp_path):
            assert made.error == ""
            times.append(time.monotonic() - began)
    assert server.most_busy == 3
    # two rounds of three
    assert times[0] < times[-1] - 0.4


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_second_run_pays_for_nothing_and_other_settings_are_another_order(tmp_path, protocol):
    with VideoServer() as server:
        first = make_one(build(server, protocol), tmp_path)
        again = make_one(build(server, protocol), tmp_path)
        assert again.data == first.data
        assert again.settings["job"] == first.settings["job"]
        assert len(server.sold) == 1
        other = make_one(build(server, protocol, **OTHER[protocol]), tmp_path)
        make_one(build(server, protocol), tmp_path, seed=1)
        make_one(build(server, protocol), tmp_path, text="Another text altogether.")
    assert other.settings["job"] != first.settings["job"]
    assert len(server.sold) == 4


OTHER = {
    LUMA: {"resolution": "540p"},
    OPENAI: {"size": "720x1280"},
    VEO: {"aspect_ratio": "9:16"},
    VERTEX: {"audio": True},
}


@pytest.mark.parametrize("protocol", LISTING)
def test_orders_of_one_text_each_have_their_own_job(tmp_path, protocol):
    plans = {"": {"submit": ["500 after", "reset after", "good", "500 after"]}}
    with VideoServer(plans=plans, making=0.1) as server:
        made = make(build(server, protocol), [order(0, seed=seed) for seed in range(4)], tmp_path)
    assert len({each.settings["job"] for each in made.values()}) == 4
    assert len(server.sold) == 4


@pytest.mark.parametrize("protocol", LISTING)
def test_a_job_that_another_order_is_just_being_told_of_is_not_taken(tmp_path, protocol):
    with VideoServer(plans={"": {"submit": ["500", "slow good", "good"]}}) as server:
        made = make(build(server, protocol), [order(0, seed=seed) for seed in range(2)], tmp_path)
    assert len({each.settings["job"] for each in made.values()}) == 2
    assert len(server.sold) == 2


def press_ctrl_c(server, jobs):
    """Interrupt the main thread once so many jobs are made, and before they are answered."""
    while len(server.sold) < jobs:
        time.sleep(0.01)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def test_closing_the_iterator_stores_the_jobs_that_are_just_being_ordered(tmp_path):
    with VideoServer(after=1.5, making=0.1) as server:
        videos = build(server, LUMA, concurrency=2).make(
            [order(0, "A first text."), order(1, "A second text."), order(2)], folder=tmp_path
        )
        threading.Thread(target=press_ctrl_c, args=(server, 2)).start()
        with pytest.raises(KeyboardInterrupt):
            next(videos)
        states = [json.loads(path.read_text())["state"] for path in tmp_path.glob("*.json")]
        assert states == ["submitted", "submitted"]
        again = list(build(server, LUMA).make([order(0, "A first text.")], folder=tmp_path))
    assert again[0][1].error == ""
    assert not again[0][1].settings["job_was_found_in_list"]
    assert len(server.sold) == 2


def test_the_users_own_key_and_organisation_go_to_nobody_else(tmp_path, monkeypatch):
    for name in ("LUMAAI_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_ORG_ID"):
        monkeypatch.setenv(name, f"own-{name}")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "own-project")
    with VideoServer() as server:
        for protocol in PROTOCOLS:
            generator = build(server, protocol, key_variable="")
            generator.prepare()
            assert make_one(generator, tmp_path / protocol).error == ""
    assert server.calls
    assert not [call for call in server.calls if "own-" in repr(call)]


def test_a_seed_is_sent_where_a_server_takes_one(tmp_path):
    with VideoServer() as server:
        made = make_one(build(server, OPENAI, send_seed=True), tmp_path, seed=11)
    assert server.sold[0].body["seed"] == "11"
    assert made.settings["can_be_made_again"]


def test_the_longer_caption_is_sent_unless_the_other_is_wanted(tmp_path):
    both = Order("v/p/0", "p", 0, "A short text.", upsampled="A much longer text about a ball.")
    with VideoServer() as server:
        texts = {
            captions: [
                made.text
                for _, made in build(server, LUMA, captions=captions).make([both, order(1)], folder=tmp_path)
            ]
            for captions in ("auto", "original")
        }
        refused = list(build(server, LUMA, captions="upsampled").make([order(1)], folder=tmp_path))
    assert sorted(texts["auto"]) == [both.upsampled, order(1).caption]
    assert sorted(texts["original"]) == [order(1).caption, both.caption]
    assert "no upsampled caption" in refused[0][1].error


@pytest.mark.parametrize(
    ("protocol", "text", "seed", "wanted"),
    [
        (LUMA, "ab", 0, "3 to 5000 characters"),
        (LUMA, "word " * 1001, 0, "3 to 5000 characters"),
        (OPENAI, "word " * 6401, 0, "at most 32000 characters"),
        (VEO, "word " * 820, 0, "at most 1024 tokens"),
        (VERTEX, "A text.", 2**32, "0 to 4294967295"),
        (OPENAI, " ", 0, "no text to send"),
    ],
)
def test_what_a_service_would_refuse_is_not_sent(tmp_path, protocol, text, seed, wanted):
    with VideoServer() as server:
        generator = build(server, protocol, price="1/video")
        made = make_one(generator, tmp_path, text=text, seed=seed)
        assert wanted in made.error
        cost = generator.describe_cost([order(0, text, seed), order(1)])
    assert not server.calls
    assert cost.startswith("1 videos of ")
    assert "about $1.00; 1 cannot be ordered" in cost


def test_the_price_is_known_or_asked_for():
    orders = [order(number) for number in range(10)]
    assert Ray2().describe_cost(orders) == (
        "10 videos of 5 s by ray-2: price not known, give -o price=…/s or -o price=…/video in US dollars"
    )
    assert "about $7.10 (assumed: $0.71 a video, option price)" in Ray2(price="0.71/video").describe_cost(
        orders
    )
    assert "about $4.00" in Ray2(price="0.08").describe_cost(orders)
    assert "price not known" in Veo().describe_cost(orders)
    assert "about $16.00 (assumed: $0.4 a second, list price" in Veo(audio=True).describe_cost(orders)
    assert "price not known" in Veo(audio=True, model="veo-4").describe_cost(orders)


@pytest.mark.parametrize(
    ("kind", "options", "wanted"),
    [
        (Ray2, {"duration": 9}, "stay under 6 s. Remedy: duration=5"),
        (Ray2, {"duration": 4}, "the service makes 5 s"),
        (Veo, {"duration": 6}, "stay under 6 s"),
        (OpenAIVideos, {"base_url": "http://localhost/v1", "model": "m", "duration": 8}, "stay under 6 s"),
        (OpenAIVideos, {"base_url": "http://localhost/v1"}, "needs a model"),
        (OpenAIVideos, {"model": "sora-2"}, r"shut Sora and its Videos API down on 2026-09-24.*base_url="),
        (OpenAIVideos, {"base_url": "http://localhost/v1", "model": "m", "size": "720p"}, "size=1280x720"),
        (Ray2, {"resolution": "8k"}, "Allowed: '540p'"),
        (Ray2, {"aspect_ratio": "1:2"}, "Allowed: '1:1'"),
        (Ray2, {"captions": "both"}, "Allowed: 'auto'"),
        (Ray2, {"price": "cheap"}, r"0\.40/s"),
        (Ray2, {"price": "-1/s"}, r"0\.40/s"),
        (Ray2, {"concurrency": 0}, "at least 1"),
        (Ray2, {"poll_start": 0}, "more than 0 seconds"),
        (Ray2, {"backoff": -1}, "0 or more"),
        (Ray2, {"key_variable": "sk-secret"}, "must be the name of an environment variable"),
        (Ray2, {"base_url": "http://user:secret@here"}, "Remedy: give the plain address"),
        (Veo, {"platform": "cloud"}, "Allowed: 'vertex'"),
        (Veo, {"platform": "gemini", "project": "p"}, "a project needs platform=vertex"),
        (Veo, {"platform": "gemini", "audio": True}, "on Vertex AI only"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_what_can(kind, options, wanted):
    with pytest.raises(ValueError, match=wanted) as refused:
        kind(**options)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["ray2", "openai_videos", "veo"])
def test_the_registry_finds_them_and_their_options_come_as_text(name):
    kind = getattr(api, registry.GENERATORS[name].rpartition(":")[2])
    needed = {"base_url": "http://localhost:1/v1", "model": "m"} if name == "openai_videos" else {}
    typed = {"concurrency": "7", "resubmit": "true", "poll_start": "2.5"}
    hints = get_type_hints(kind)
    generator = kind(**needed, **{key: TypeAdapter(hints[key]).validate_python(typed[key]) for key in typed})
    assert (generator.concurrency, generator.resubmit, generator.poll_start) == (7, True, 2.5)
    assert kind.specs.name == name
    assert kind.specs.captions == "upsampled"
    described = generator.describe()
    assert json.loads(json.dumps(described)) == described
    assert generator.list_variants() == {"": generator}
    assert generator.refuse(order()) == ""
    assert all(item.type for item in fields(kind))


@pytest.mark.parametrize(
    ("generator", "variable"),
    [(Ray2(), "LUMAAI_API_KEY"), (Veo(), "GOOGLE_API_KEY"), (Veo(platform="gemini"), "GEMINI_API_KEY")],
)
def test_the_variable_of_a_missing_key_is_named(generator, variable, monkeypatch, tmp_path):
    for name in ("LUMAAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=f"export {variable}="):
        generator.prepare()
    with pytest.raises(GeneratorStoppedError, match=f"export {variable}="):
        list(generator.make([order()], folder=tmp_path))


def test_a_project_signs_in_with_its_own_credentials(tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "own-key")
    with VideoServer() as server:
        secret = write_account(tmp_path / "account.json", server.address)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
        generator = build(server, VERTEX, key_variable="", project="my-project")
        generator.prepare()
        (tmp_path / "out").mkdir()
        made = make_one(generator, tmp_path / "out", seed=3)
    assert made.error == ""
    (path,) = {path for method, path, _ in server.calls if path.endswith(":predictLongRunning")}
    assert "/projects/my-project/locations/us-central1/publishers/google/models/veo-test" in path
    used = [headers["authorization"] for _, path, headers in server.calls if "models" in path]
    assert set(used) == {"Bearer token-of-the-project"}
    assert "own-key" not in repr(server.calls)
    assert secret not in repr(server.calls)


def write_account(path, address):
    """Write what a service account of Google signs in with."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "1",
        "private_key": text,
        "client_email": "lab@example.org",
        "token_uri": f"{address}/token",
    }
    path.write_text(json.dumps(account), "utf-8")
    return text.splitlines()[1]
