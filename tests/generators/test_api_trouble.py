"""Services that are slow, broken, busy, unwilling or absent: what is made all the same, and what is paid."""

from __future__ import annotations

import json
import time

import pytest

from tests.generators.api_cases import FAST, KEY, LIBRARIES, LISTING, PROTOCOLS, build, make, make_one, order
from tests.generators.video_replies import LUMA, OPENAI, VEO, VERTEX
from tests.generators.video_server import VideoServer
from videophy_lab.generators.base import GeneratorStoppedError


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("MY_VIDEO_KEY", KEY)


def serve(step, *behaviours, **options):
    return VideoServer(plans={"": {step: behaviours}}, key=KEY, **options)


@pytest.mark.parametrize("protocol", LIBRARIES)
@pytest.mark.parametrize("kind", ["429", "429 wait"])
def test_a_busy_service_is_asked_again(tmp_path, protocol, kind):
    with serve("submit", kind, kind, "good") as server:
        began = time.monotonic()
        made = make_one(build(server, protocol), tmp_path)
        waited = time.monotonic() - began
    assert made.error == ""
    assert len(server.sold) == 1
    if kind == "429 wait":
        assert waited > 0.4


@pytest.mark.parametrize("protocol", LISTING)
@pytest.mark.parametrize("kind", ["500 after", "503 after", "reset after", "garbage after", "slow after"])
def test_a_job_whose_answer_was_lost_is_found_in_the_list(tmp_path, protocol, kind):
    with serve("submit", kind, "good") as server:
        # only a slow answer is not waited for
        patience = {"timeout": 1.0} if kind == "slow after" else {}
        made = make_one(build(server, protocol, **patience), tmp_path)
    assert made.error == ""
    assert made.settings["job_was_found_in_list"]
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", LISTING)
def test_an_order_that_is_accepted_late_is_found_although_it_was_not_in_the_list_at_first(tmp_path, protocol):
    with serve("submit", "slow before", "good") as server:
        made = make_one(build(server, protocol, timeout=0.7, list_delay=4.0), tmp_path)
    assert made.settings["job_was_found_in_list"]
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", LISTING)
@pytest.mark.parametrize("kind", ["500", "reset", "html", "garbage"])
def test_an_order_that_was_not_accepted_is_sent_again(tmp_path, protocol, kind):
    with serve("submit", kind, "good") as server:
        made = make_one(build(server, protocol), tmp_path)
    assert made.error == ""
    assert not made.settings["job_was_found_in_list"]
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", LISTING)
def test_the_list_is_searched_to_its_end_and_jobs_of_others_are_left_alone(tmp_path, protocol):
    with serve("submit", "good", "500 after", "good", page=2) as server:
        others = [order(number, f"Another text, number {number}.") for number in range(5)]
        make(build(server, protocol), [*others, order(9)], tmp_path)
        names = {sold.name for sold in server.sold if sold.text == order(9).caption}
        server.plans = {"": {"submit": ["500 after"]}}
        made = make(build(server, protocol), [order(9, seed=1), order(9, seed=2)], tmp_path)
    found = [each.settings["job"] for each in made.values()]
    assert len(set(found)) == 2
    assert not set(found) & names
    assert len(server.sold) == 8


@pytest.mark.parametrize("protocol", [VEO, VERTEX])
@pytest.mark.parametrize("kind", ["500 after", "500", "reset after"])
def test_without_a_list_nothing_is_paid_again_unless_it_is_asked_for(tmp_path, protocol, kind):
    with serve("submit", kind, "good") as server:
        made = make_one(build(server, protocol), tmp_path)
        assert "may have been made and paid for" in made.error
        assert "resubmit=true" in made.error
        again = make_one(build(server, protocol), tmp_path)
        assert "ended without an answer" in made.error
        assert "was cut off before its answer" in again.error
        assert len(server.sold) == (kind != "500")
        bought = make_one(build(server, protocol, resubmit=True), tmp_path)
    assert bought.error == ""
    assert len(server.sold) == 1 + (kind != "500")


def test_a_server_without_a_list_is_treated_alike(tmp_path):
    for kind in ("405", "404", "html"):
        folder = tmp_path / kind
        with VideoServer(plans={"": {"submit": ["500 after", "good"], "list": [kind]}}) as server:
            made = make_one(build(server, OPENAI), folder)
            assert "cannot be listed" in made.error
            assert len(server.sold) == 1
            assert make_one(build(server, OPENAI, resubmit=True), folder).error == ""


@pytest.mark.parametrize("protocol", LISTING)
def test_a_list_that_does_not_say_of_which_text_a_job_is_settles_nothing(tmp_path, protocol):
    with serve("submit", "500 after", "good", echoes=False) as server:
        made = make_one(build(server, protocol), tmp_path)
    assert "listed without its text" in made.error
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", LIBRARIES)
@pytest.mark.parametrize("kind", ["500", "429", "html", "garbage", "cut"])
def test_a_look_at_a_job_that_fails_is_repeated(tmp_path, protocol, kind):
    with serve("poll", kind, "good", kind, "good", making=0.03) as server:
        made = make_one(build(server, protocol), tmp_path)
    assert made.error == ""
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["failed", "moderated"])
def test_a_job_that_failed_is_the_reason_and_is_not_repeated(tmp_path, protocol, kind):
    with serve("poll", kind) as server:
        made = make_one(build(server, protocol), tmp_path)
    wanted = "machines are down" if kind == "failed" else "content_moderated"
    assert wanted in made.error
    assert made.data == b""
    assert made.text == order().caption
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", LIBRARIES)
def test_a_text_that_is_refused_is_its_own_reason(tmp_path, protocol):
    plans = {"forbidden": {"submit": ["400"]}}
    with VideoServer(plans=plans) as server:
        orders = [order(0, "A forbidden thing."), *(order(number) for number in range(1, 4))]
        made = make(build(server, protocol), orders, tmp_path)
    assert "moderation" in made[orders[0].video_id].error
    assert [each.error for each in made.values()].count("") == 3
    assert len(server.sold) == 3


@pytest.mark.parametrize("protocol", LIBRARIES)
@pytest.mark.parametrize("kind", ["html", "truncated", "cut", "500", "429"])
def test_a_broken_download_is_repeated(tmp_path, protocol, kind):
    with serve("download", kind, "good") as server:
        made = make_one(build(server, protocol), tmp_path)
    assert made.error == ""
    assert len(server.sold) == 1


def test_an_address_that_ran_out_is_asked_for_anew(tmp_path):
    with serve("download", "expired", "good") as server:
        made = make_one(build(server, LUMA), tmp_path)
    assert made.error == ""
    files = [headers for _, path, headers in server.calls if path.startswith("/assets/")]
    assert len(files) == 2
    # the key is not for the place where the videos lie
    assert not any("authorization" in headers for headers in files)


@pytest.mark.parametrize("kind", ["truncated", "html", "403"])
def test_a_video_that_never_comes_whole_stays_paid_for_and_is_fetched_by_the_next_run(tmp_path, kind):
    with serve("download", *[kind] * 3, "good") as server:
        made = make_one(build(server, OPENAI, attempts=3), tmp_path)
        assert "could not be fetched" in made.error
        assert "nothing is paid twice" in made.error
        assert str(tmp_path) not in made.error
        assert make_one(build(server, OPENAI), tmp_path).error == ""
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", LIBRARIES)
def test_a_video_of_another_length_and_one_too_large_are_refused(tmp_path, protocol):
    with serve("download", "long") as server:
        assert "9.00 s where" in make_one(build(server, protocol), tmp_path).error
        made = make_one(build(server, protocol, most_mb=0.0001), tmp_path)
        assert "larger than 0.0001 MB" in made.error
    assert len(server.sold) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_job_that_vanished_is_not_paid_for_again_unless_it_is_asked_for(tmp_path, protocol):
    with serve("poll", *["404"] * 6, "good", making=0.05) as server:
        generator = build(server, protocol, attempts=2)
        assert "no longer has job" in make_one(generator, tmp_path).error
        assert "no longer has job" in make_one(generator, tmp_path).error
        assert len(server.sold) == 1
        assert make_one(build(server, protocol, attempts=2, resubmit=True), tmp_path).error == ""
    assert len(server.sold) == 2


def test_a_job_that_was_asked_for_with_another_key_is_found_with_the_right_one(tmp_path):
    with serve("poll", "404", "good") as server:
        assert "no longer has job" in make_one(build(server, LUMA, attempts=1), tmp_path).error
        assert make_one(build(server, LUMA), tmp_path).error == ""
    assert len(server.sold) == 1


STOPS = {
    "401": "does not know the key. Remedy: export a valid one as MY_VIDEO_KEY",
    "402": "credit",
    "400 credits": "credit",
    "429 quota": "credit",
    "403": "does not let this key",
    "404": "has no model",
    "400 model": "has no model",
    "429 long": "asks to wait too long",
}


@pytest.mark.parametrize("protocol", LIBRARIES)
@pytest.mark.parametrize("kind", STOPS)
def test_what_would_befall_every_order_ends_the_run(tmp_path, protocol, kind):
    with serve("submit", kind) as server, pytest.raises(GeneratorStoppedError, match=STOPS[kind]) as stopped:
        make(build(server, protocol), [order(number) for number in range(40)], tmp_path)
    assert KEY not in str(stopped.value)
    assert not server.sold
    assert len(server.calls) < 15


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_wrong_key_or_no_server_ends_the_run(tmp_path, protocol, monkeypatch):
    with VideoServer(key="another") as server:
        generator = build(server, protocol)
        with pytest.raises(GeneratorStoppedError, match="does not know the key"):
            make(generator, [order()], tmp_path)
    with pytest.raises(GeneratorStoppedError, match=r"no server is to be reached.*Remedy: start it"):
        make(build(server, protocol), [order(number) for number in range(3)], tmp_path)
    monkeypatch.delenv("MY_VIDEO_KEY")
    public = build(server, protocol, base_url="https://videos.example.org/v1")
    with pytest.raises(GeneratorStoppedError, match=r"Remedy: export MY_VIDEO_KEY=…"):
        make(public, [order()], tmp_path)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_service_in_trouble_ends_the_run_before_every_order_is_in_doubt(tmp_path, protocol):
    with serve("submit", "500") as server:
        generator = build(server, protocol, attempts=2, concurrency=1, list_delay=0.0)
        with pytest.raises(GeneratorStoppedError, match=r"in trouble: 3 orders in a row"):
            make(generator, [order(number, f"Text {number}.") for number in range(8)], tmp_path)
    assert not server.sold


def test_what_was_paid_for_is_finished_although_the_credit_is_used_up(tmp_path):
    plans = {"late": {"submit": [*["503 wait"] * 3, "402"]}}
    with VideoServer(plans=plans, making=0.3) as server:
        generator = build(server, LUMA, concurrency=3)
        orders = [order(0), order(1, "Another text."), order(2, "A late order."), order(3)]
        given = []
        with pytest.raises(GeneratorStoppedError, match="credit"):
            given.extend(made for _, made in generator.make(orders, folder=tmp_path))
    assert given
    assert not any(made.error for made in given)
    assert len(server.sold) == len(given)


def test_a_record_that_cannot_be_read_is_not_paid_over(tmp_path):
    with VideoServer() as server:
        assert make_one(build(server, LUMA), tmp_path).error == ""
        (record,) = (tmp_path / "jobs").glob("*.json")
        record.write_text("{", "utf-8")
        assert "cannot be read" in make_one(build(server, LUMA), tmp_path).error
        record.write_text(json.dumps({"video_id": "x"}), "utf-8")
        assert "cannot be read" in make_one(build(server, LUMA), tmp_path).error
    assert len(server.sold) == 1


def test_nothing_is_paid_for_where_records_cannot_be_kept(tmp_path):
    (tmp_path / "jobs").write_text("a file in the way", "utf-8")
    with VideoServer() as server, pytest.raises(GeneratorStoppedError, match="records of paid jobs"):
        make(build(server, LUMA), [order()], tmp_path)
    assert not server.calls


def test_two_runs_do_not_order_into_one_folder(tmp_path):
    with VideoServer(making=0.2) as server:
        first = build(server, LUMA).make([order(0), order(1)], folder=tmp_path)
        next(first)
        with pytest.raises(GeneratorStoppedError, match=r"another run, or another worker"):
            list(build(server, LUMA).make([order(0)], folder=tmp_path))
        first.close()
        assert [made.error for _, made in build(server, LUMA).make([order(0)], folder=tmp_path)] == [""]
    assert len(server.sold) == 2


def test_a_job_that_takes_too_long_is_left_to_the_next_run(tmp_path):
    with VideoServer(making=0.6) as server:
        made = make_one(build(server, OPENAI, **FAST | {"job_timeout": 0.1}), tmp_path)
        assert "was not done within 0.1 s" in made.error
        time.sleep(0.6)
        assert make_one(build(server, OPENAI), tmp_path).error == ""
    assert len(server.sold) == 1


@pytest.mark.parametrize("kind", ["expired", "failed"])
def test_a_video_that_was_there_once_is_not_paid_for_again_unasked(tmp_path, kind):
    with serve("poll", "good", kind, kind, kind, "good") as server:
        generator = build(server, OPENAI)
        assert make_one(generator, tmp_path).error == ""
        made = make_one(generator, tmp_path)
        assert "no longer has job" in made.error
        assert "no longer has job" in make_one(generator, tmp_path).error
        assert len(server.sold) == 1
        assert make_one(build(server, OPENAI, resubmit=True), tmp_path).error == ""
    assert len(server.sold) == 2
