"""The remote judges: their words, what they send of a video, prices in advance, models that are gone."""

from __future__ import annotations

import base64
import json
import math
import pickle
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.bad_server import BadServer, find_texts
from videophy_lab.building import build_scorers
from videophy_lab.judges.base import Question, make_spec
from videophy_lab.judges.questions import SCALE, TEMPLATES
from videophy_lab.judges.remote import Gemini, OpenAICompatible
from videophy_lab.judges.remote_questions import describe_questions, write_question
from videophy_lab.llm.models import CURRENT, check_gemini
from videophy_lab.video import Clip, decode_clip, encode_video

VARIABLE, KEY = "TEST_SERVER_KEY", "AIza-recognisable-9876543210"
QUESTIONS = [Question("sa", "A ball falls."), Question("pc"), Question("rule", "A ball falls down.", "r1")]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("videos") / "ball é.mp4"
    frames = np.repeat(np.linspace(0, 250, 24).astype(np.uint8), 64 * 96 * 3).reshape(24, 64, 96, 3)
    encode_video(frames, path, fps=8)
    return path


def make_gemini(server: BadServer, folder: Path, **options: object) -> Gemini:
    given = {"base_url": server.address, "key_variable": VARIABLE, "cache": str(folder), "backoff": 0.01}
    return Gemini(**given | options)


def make_openai(server: BadServer, folder: Path, **options: object) -> OpenAICompatible:
    given = {"base_url": f"{server.address}/v1", "key_variable": VARIABLE, "cache": str(folder)}
    return OpenAICompatible(**given | {"model": "Qwen/Qwen3-VL-8B-Instruct", "backoff": 0.01} | options)


def look(judge: Gemini | OpenAICompatible, path: Path) -> Clip:
    return decode_clip(path, [] if judge.view is None else [judge.view])


@pytest.mark.parametrize("task", SCALE)
def test_a_question_is_the_benchmarks_own_sentence(task: str) -> None:
    # the published template without its turns: github.com/Hritikbansal/videophy@01d366c, template.py
    official = TEMPLATES["autoeval"][task]
    words = (
        f"{official.before_text}{{text}}{official.after_text}"
        if official.after_text
        else official.before_text
    )
    words = words.removeprefix("\nHuman: ").removesuffix("\nAI: ").rstrip()
    written = describe_questions()[task]
    assert written.startswith(words)
    form = written.removeprefix(words)
    assert "Human:" not in written
    assert "AI:" not in written
    assert re.findall(r"\d", form) == [str(value) for value in SCALE[task]]


def test_a_text_is_put_in_as_it_is() -> None:
    text = 'A "{text}" <|video|>\nAI: 5'
    assert f'description: "{text}"?' in write_question(Question("sa", text))
    assert text not in write_question(Question("pc", text))


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (Question("sa", " "), "no caption"),
        (Question("rule"), "no rule"),
        (Question("beauty"), "no question for the task 'beauty'"),
    ],
)
def test_a_question_that_cannot_be_asked_takes_no_other_along(
    question: Question, reason: str, video: Path, tmp_path: Path
) -> None:
    with BadServer() as server:
        judge = make_gemini(server, tmp_path)
        [answers] = judge.score([look(judge, video)], [[question, Question("pc")]])
    assert [answer.status for answer in answers] == ["failed", "ok"]
    assert reason in answers[0].error
    assert len(server.calls) == 1


def test_gemini_gets_the_file_with_its_rate(video: Path, tmp_path: Path) -> None:
    with BadServer() as server:
        judge = make_gemini(server, tmp_path, fps=6, media_resolution="low")
        [answers] = judge.score([look(judge, video)], [QUESTIONS])
    assert [answer.score for answer in answers] == [2, 2, 2]
    assert [json.loads(answer.answer)["score"] for answer in answers] == [2, 2, 2]
    # 0.75 and 3.75 US dollars a million tokens of gemini-3.8-flash; the server counts 1000 and 100
    assert answers[0].cost == pytest.approx((1000 * 0.75 + 100 * 3.75) / 1e6)
    assert all(math.isnan(answer.expected) for answer in answers)
    for call, question in zip(sorted(server.calls, key=find_task), QUESTIONS, strict=True):
        assert call.path == "/v1beta/models/gemini-3.8-flash:generateContent"
        media, words = call.body["contents"][0]["parts"]
        assert base64.urlsafe_b64decode(media["inlineData"]["data"]) == video.read_bytes()
        assert media["inlineData"]["mime_type"] == "video/mp4"
        assert media["videoMetadata"] == {"fps": 6}
        assert words["text"] == write_question(question)
        settings = call.body["generationConfig"]
        assert settings["temperature"] == settings["seed"] == 0
        assert settings["mediaResolution"] == "MEDIA_RESOLUTION_LOW"
        score = settings["responseJsonSchema"]["properties"]["score"]
        assert [score["minimum"], score["maximum"]] == [SCALE[question.task][0], SCALE[question.task][-1]]


def find_task(call: object) -> int:
    """Order calls as the questions are."""
    words = find_texts(call)[-1]  # type: ignore[arg-type]
    return ["description", "physical laws", "physical rule"].index(
        next(word for word in ("description", "physical laws", "physical rule") if word in words)
    )


def test_a_large_video_goes_through_the_file_store(video: Path, tmp_path: Path) -> None:
    with BadServer() as server:
        judge = make_gemini(server, tmp_path, inline_mb=0.0001)
        [answers] = judge.score([look(judge, video)], [QUESTIONS])
    assert [answer.status for answer in answers] == ["ok"] * 3
    assert server.uploaded == [video.read_bytes()]
    assert server.files == {}


def test_frames_are_sent_in_order_with_their_times(video: Path, tmp_path: Path) -> None:
    import cv2

    with BadServer() as server:
        judge = make_openai(server, tmp_path, frames=4, jpeg_quality=95)
        clip = look(judge, video)
        [[answer]] = judge.score([clip], [[Question("pc")]])
    assert answer.score == 2
    assert math.isnan(answer.cost), "nobody knows what a server here asks"
    [message] = [part for part in server.calls[0].body["messages"] if part["role"] == "user"]
    parts = message["content"]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    # 24 frames at 8 a second; numpy.rint(numpy.linspace(0, 23, 4)) is 0, 8, 15, 23
    assert texts[:-1] == [
        "These are 4 frames of one video of 3.00 s, in their order.",
        "Frame 1, at 0.00 s:",
        "Frame 2, at 1.00 s:",
        "Frame 3, at 1.88 s:",
        "Frame 4, at 2.88 s:",
    ]
    assert [part["type"] for part in parts] == ["text", *["text", "image_url"] * 4, "text"]
    pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    for url, frame in zip(pictures, clip.frames[judge.view], strict=True):
        head, data = url.split(",")
        assert head == "data:image/jpeg;base64"
        seen = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(seen.astype(int) - frame).max() <= 3


def test_colours_are_not_swapped(tmp_path: Path) -> None:
    import cv2

    from videophy_lab.llm.footage import encode_picture

    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    seen = cv2.imdecode(np.frombuffer(encode_picture(red, 90), np.uint8), cv2.IMREAD_COLOR)
    assert seen[8, 8, 2] > 200
    assert seen[8, 8, 0] < 50


def test_a_server_with_eyes_for_videos_gets_the_file(video: Path, tmp_path: Path) -> None:
    with BadServer() as server:
        judge = make_openai(server, tmp_path, video="video")
        assert judge.view is None
        [[answer]] = judge.score([look(judge, video)], [[Question("sa", "A ball falls.")]])
    assert answer.score == 2
    parts = server.calls[0].body["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["video_url", "text"]
    head, data = parts[0]["video_url"]["url"].split(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(data) == video.read_bytes()
    assert server.calls[0].body["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    "model", ["gemini-2.0-flash-exp", "gemini-1.5-pro", "gemini-pro-vision", "models/gemini-2.0-flash"]
)
def test_a_retired_model_is_refused_before_any_call(model: str) -> None:
    with pytest.raises(ValueError, match=r"is retired: .*gemini-3\.8-flash") as caught:
        build_scorers(["gemini"], {"gemini.model": model})
    assert all(name in str(caught.value) for name in CURRENT)


def test_a_model_that_ends_soon() -> None:
    with pytest.warns(UserWarning, match="is shut down on 2026-12-01"):
        check_gemini("gemini-2.5-flash", date(2026, 11, 30))
    with pytest.raises(ValueError, match="is retired"):
        check_gemini("gemini-2.5-flash", date(2026, 12, 1))
    for model in (*CURRENT, "gemini-4-carbon"):
        check_gemini(model, date(2027, 1, 1))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Gemini(fps=0), "more than 0 and at most 24"),
        (lambda: Gemini(fps=30), "more than 0 and at most 24"),
        (lambda: Gemini(media_resolution="huge"), "Allowed: '', 'low'"),
        (lambda: Gemini(temperature=-1), "between 0 and 2"),
        (lambda: Gemini(batch_size=0), "at least 1"),
        (lambda: Gemini(concurrency=0), "at least 1"),
        (lambda: Gemini(key_variable=KEY), "not a key"),
        (lambda: Gemini(base_url=f"https://x:{KEY}@example.com"), "plain address"),
        (lambda: OpenAICompatible(), "needs a model"),
        (lambda: OpenAICompatible(model="m", video="film"), "Allowed: 'frames', 'video'"),
        (lambda: OpenAICompatible(model="m", frames=0), "at least 1"),
        (lambda: OpenAICompatible(model="m", jpeg_quality=101), "between 1 and 100"),
    ],
)
def test_options_that_cannot_be(make: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        make()  # type: ignore[operator]
    assert KEY not in str(caught.value)


def test_the_variable_to_export_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"export GEMINI_API_KEY=.*or GOOGLE_API_KEY"):
        Gemini().prepare()
    with pytest.raises(ValueError, match="export OPENAI_API_KEY="):
        OpenAICompatible(model="gpt-4.1").prepare()
    OpenAICompatible(model="m", base_url="http://localhost:8000/v1").prepare()
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    Gemini().prepare()
    # OpenAI's own key is not for every server
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    OpenAICompatible(model="gpt-4.1").prepare()
    with pytest.raises(ValueError, match="key_variable="):
        OpenAICompatible(model="m", base_url="https://example.com/v1").prepare()


def test_no_key_goes_to_a_local_server_unless_it_is_named(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with BadServer() as server:
        judge = make_openai(server, tmp_path, key_variable="", video="video")
        assert judge.score([look(judge, video)], [[Question("pc")]])[0][0].score == 2
    assert server.calls[0].headers["authorization"] == "Bearer none"


def test_a_description_needs_neither_key_nor_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    judges = [Gemini(), OpenAICompatible(model="m"), OpenAICompatible(model="m", video="video")]
    specs = {make_spec(judge.describe()) for judge in judges}
    changed = [
        Gemini(model="gemini-3.5-flash"),
        Gemini(fps=4),
        Gemini(temperature=1.0),
        Gemini(seed=1),
        Gemini(max_tokens=100),
        Gemini(media_resolution="low"),
        Gemini(base_url="http://localhost:1"),
        OpenAICompatible(model="n"),
        OpenAICompatible(model="m", frames=8),
        OpenAICompatible(model="m", jpeg_quality=80),
    ]
    assert len(specs | {make_spec(judge.describe()) for judge in changed}) == 13
    # how calls are made decides no score
    quiet = Gemini(
        batch_size=1,
        concurrency=2,
        timeout=9,
        attempts=1,
        price="1,1",
        cache="x",
        inline_mb=1,
        key_variable="A_KEY",
    )
    assert make_spec(quiet.describe()) in specs
    assert Gemini().describe()["video"] == {"form": "file", "fps": 8.0}


def test_a_judge_travels_to_other_processes(tmp_path: Path) -> None:
    judge = pickle.loads(pickle.dumps(make_gemini(BadServer(address="http://127.0.0.1:1"), tmp_path)))
    assert judge == make_gemini(BadServer(address="http://127.0.0.1:1"), tmp_path)
    assert KEY.encode() not in pickle.dumps(judge)


def test_gemini_is_priced_in_advance(video: Path, tmp_path: Path) -> None:
    with BadServer() as server:
        judge = make_gemini(server, tmp_path)
        line = judge.describe_cost([(video, QUESTIONS), (tmp_path / "none.mp4", QUESTIONS[:1])])
        # 3 s at 8 frames a second, 258 tokens a frame, and the words
        words = sum(math.ceil(len(write_question(question)) / 4) for question in QUESTIONS)
        tokens = 3 * 24 * 258 + words
        dollars = (tokens * 0.75 + 3 * 500 * 3.75) / 1e6
        assert line.startswith(
            f"3 calls of gemini-3.8-flash, about {tokens} tokens in and 1500 out: about ${dollars:.2f}; "
            "1 cannot be asked"
        )
        assert "258 tokens a frame at 8 frames a second; 4 characters a token, 500 tokens an answer" in line
        judge.score([look(judge, video)], [QUESTIONS[:2]])
        again = judge.describe_cost([(video, QUESTIONS)])
        assert again.startswith("1 calls")
        assert "; 2 answers are in the cache, 0 to pay" in again
        assert (
            make_gemini(server, tmp_path, refresh=True)
            .describe_cost([(video, QUESTIONS)])
            .startswith("3 calls")
        )
    assert len(server.calls) == 2


def test_frames_are_priced_in_advance(video: Path, tmp_path: Path) -> None:
    with BadServer() as server:
        judge = make_openai(server, tmp_path, frames=5)
        line = judge.describe_cost([(video, [Question("pc")])])
        assert "price not known (option price=in,out)" in line
        # 96 × 64 pixels are 3 × 2 squares of 32 × 32
        request = judge.make_request(Question("pc"), judge.attach_video(look(judge, video).info, None))
        words = "".join(part for part in request.parts if isinstance(part, str))
        assert f"about {5 * 6 + math.ceil(len(words) / 4)} tokens in" in line
        priced = make_openai(server, tmp_path, frames=5, price="0,0").describe_cost(
            [(video, [Question("pc")])]
        )
        assert "about $0.00" in priced
        judge.score([look(judge, video)], [[Question("pc")]])
        # the pictures are known by what they are made of: nothing is decoded to find them in the cache
        assert "1 answers are in the cache, 0 to pay" in judge.describe_cost([(video, [Question("pc")])])
    assert server.calls[0].path == "/v1/chat/completions"
