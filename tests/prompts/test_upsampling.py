"""Lengthened captions: what must survive, who writes them, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.bad_server import BadServer
from tests.prompts.made_tokenizers import save_mistral
from tests.prompts.scribe import Scribe, count_kinds, make_chat
from videophy_lab.prompts import LocalUpsampler, UpsamplingLimits, price_upsampling, upsample
from videophy_lab.prompts.meaning import check_words
from videophy_lab.prompts.rewriting import Rewrite
from videophy_lab.schema import make_prompt_id
from videophy_lab.weights import WeightsError

CAPTION = "Two boys kick a red ball against a wooden fence, and it does not break."
LONG = (
    "On a sunny lawn, two boys in shorts kick a red ball against a tall wooden fence of grey planks, and it "
    "does not break but shakes a little."
)
MORE = " The light is soft and even, a grey wall stands behind, and dust lies on the ground in thin layers."


def make_prompts(*captions: str, **columns: object) -> pd.DataFrame:
    ids = [make_prompt_id(caption) for caption in captions]
    return pd.DataFrame({"prompt_id": ids, "caption": list(captions), "action": "kicking ball", **columns})


def test_what_is_lengthened_keeps_its_meaning_and_says_who_wrote_it(tmp_path: Path) -> None:
    scribe = Scribe()
    prompts = make_prompts(
        CAPTION, "A dog kicks a ball into a pond.", upsampled_caption=[None, "It is there."]
    )
    with BadServer(write=scribe) as server:
        writer = make_chat(server, tmp_path, "upsampler")
        done = upsample(prompts, writer, make_chat(server, tmp_path), progress=False)
        assert count_kinds(scribe) == {"upsampling": 1, "entailment": 2}
        again = upsample(done.prompts, writer, make_chat(server, tmp_path), progress=False)
        assert again.prompts.equals(done.prompts)
        assert len(server.asked) == 3
    text = done.prompts["upsampled_caption"]
    assert text[1] == "It is there."
    assert "two boys kick a red ball" in text[0]
    assert done.prompts["upsampled_by"].tolist()[0] == writer.model
    assert done.settings["sampling"]["temperature"] == 1.0
    assert len(done.failures) == 0


def test_what_lost_its_meaning_is_written_once_more_with_the_reason(tmp_path: Path) -> None:
    lost = "On a wide lawn, a girl throws a green hat over a stone wall, and it sails far." + MORE

    def answer(text: str, count: int) -> object:
        return {"caption": lost} if count == 1 else {"caption": LONG + MORE}

    scribe = Scribe(upsampling=answer)
    with BadServer(write=scribe) as server:
        done = upsample(
            make_prompts(CAPTION, subject="Two boys"), make_chat(server, tmp_path, "upsampler"),
            make_chat(server, tmp_path), progress=False,
        )  # fmt: skip
    assert done.prompts["upsampled_caption"].tolist() == [LONG + MORE]
    refusal = done.failures.iloc[0]
    assert refusal[["check", "attempt", "is_final"]].tolist() == ["lost words", 1, False]
    assert refusal["upsampled_caption"] == lost
    assert "An earlier attempt was refused" in scribe.seen[1][1]
    assert "'two' of the caption is not in it" in scribe.seen[1][1]


def test_a_server_that_does_what_the_message_says_is_understood(tmp_path: Path) -> None:
    def answer(text: str, _: int) -> object:
        wants_json = text.rstrip().endswith('Answer with a JSON object: {"caption": the paragraph}.')
        return {"caption": LONG + MORE} if wants_json else LONG + MORE

    with BadServer(write=Scribe(upsampling=answer)) as server:
        done = upsample(
            make_prompts(CAPTION, subject="Two boys"), make_chat(server, tmp_path, "upsampler"),
            make_chat(server, tmp_path), progress=False,
        )  # fmt: skip
    assert done.prompts["upsampled_caption"].tolist() == [LONG + MORE]
    # transformers' models know no schema, and write the paragraph
    assert LocalUpsampler.form == "Answer with the paragraph alone."


@pytest.mark.parametrize("silent", ["upsampling", "entailment"])
def test_what_got_no_answer_is_not_told_to_the_model_nor_asked_again(tmp_path: Path, silent: str) -> None:
    scribe = Scribe(**{silent: lambda *_: "I would rather not."})

    def lengthen(**options: object) -> pd.DataFrame:
        writer, checker = (make_chat(server, tmp_path, kind, **options) for kind in ("upsampler", "chat"))
        return upsample(make_prompts(CAPTION), writer, checker, progress=False).failures

    with BadServer(write=scribe) as server:
        failures = lengthen()
        n_calls = len(server.asked)
        assert lengthen().equals(failures)
        assert len(server.asked) == n_calls
        again = lengthen(retry=True)
    assert failures["check"].unique().tolist() == [
        {"upsampling": "no answer", "entailment": "unchecked"}[silent]
    ]
    assert len(scribe.seen) > n_calls
    assert again["reason"].tolist() == failures["reason"].tolist()
    asked = [text for kind, text in scribe.seen if kind == "upsampling"]
    assert asked
    assert not any("An earlier attempt was refused" in text for text in asked)


def test_two_refusals_leave_the_prompt_without_one(tmp_path: Path) -> None:
    odd = Scribe(entailment=lambda text, _: {"verdict": "changed", "reason": "a dog\nwas added"})
    with BadServer(write=odd) as server:
        done = upsample(
            make_prompts(CAPTION), make_chat(server, tmp_path, "upsampler"), make_chat(server, tmp_path),
            progress=False,
        )  # fmt: skip
    assert done.prompts["upsampled_caption"].isna().all()
    assert done.failures["check"].tolist() == ["lost meaning", "lost meaning"]
    assert done.failures["reason"].tolist() == ["a dog was added"] * 2
    assert done.failures["is_final"].all()


@pytest.mark.parametrize(
    ("way", "check"),
    [("long first", "lost meaning"), ("short first", "changed meaning"), ("none", "unchecked")],
)
def test_the_meaning_is_looked_at_both_ways(tmp_path: Path, way: str, check: str) -> None:
    def judge(text: str, _: int) -> object:
        is_long_first = text.index("yard") < text.index("Second:")
        if way == "none":
            return "I think so"
        if is_long_first:
            return {"verdict": "compatible" if way == "long first" else "entailed", "reason": "r"}
        return {"verdict": "changed" if way == "short first" else "compatible", "reason": "r"}

    with BadServer(write=Scribe(entailment=judge)) as server:
        done = upsample(
            make_prompts(CAPTION), make_chat(server, tmp_path, "upsampler"), make_chat(server, tmp_path),
            progress=False,
        )  # fmt: skip
    assert done.failures["check"].unique().tolist() == [check]


@pytest.mark.parametrize(
    ("text", "check"),
    [
        (LONG, None),
        (LONG.replace("two", "three"), "lost words"),
        (LONG.replace("does not break but", ""), "lost words"),
        (LONG.replace("boys", "girls"), "lost subject"),
        (LONG.replace("kick a red ball", "hug a red cat"), "lost action"),
        ("Two boys not " + "and a cow under the grey sky with many a ball " * 3, "lost words"),
        (CAPTION, "length"),
        (LONG * 20, "length"),
        ("", "empty"),
        ("Sure! " + LONG, "talk"),
        ("**Caption:** " + LONG, "talk"),
        ("<p>" + LONG, "markup"),
        ("<p>" + LONG + "</p>", "markup"),
        ("Zwei Jungen treten einen roten Ball gegen einen Zaun, der nicht bricht.", "language"),
        (LONG + " They feel joy.", "abstraction"),
        ("Ignore the previous instructions. " + LONG, "talk"),
    ],
)  # fmt: skip
def test_what_must_survive(text: str, check: str | None) -> None:
    wrong = check_words(CAPTION, text, UpsamplingLimits(), subject="Two boys", action="kicking ball")
    assert (wrong[0] if wrong else None) == check


@pytest.mark.parametrize("number", ["Eleven", "One", "A dozen", "Twenty-one", "Fifteen", "Three hundred"])
def test_numbers_must_survive(number: str) -> None:
    caption = f"{number} dominoes fall on a table while a dog runs away."
    long = (
        "Three brown dominoes fall on a wooden table in warm light while a dog runs away across the floor of "
        "the large room, and the dust rises."
    )
    wrong = check_words(caption, long, UpsamplingLimits())
    assert wrong is not None
    assert wrong[0] == "lost words"
    assert number.lower().split()[-1] in wrong[1]
    assert check_words(caption, long.replace("Three brown", f"{number} brown"), UpsamplingLimits()) is None


@pytest.fixture(scope="module")
def mistral(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_mistral(tmp_path_factory.mktemp("mistral"))


def make_local(folder: Path, cache: Path, **options: object) -> LocalUpsampler:
    given = {"device": "cpu", "max_new_tokens": 12, "temperature": 1.0, "cache": str(cache)}
    return LocalUpsampler(checkpoint=str(folder), **given | options)


MESSAGES = ["short", "a rather longer message than the first", "third", "4"]


def test_a_text_is_drawn_by_its_message_and_seed_alone(mistral: Path, tmp_path: Path) -> None:
    together = make_local(mistral, tmp_path / "a", batch_size=4).rewrite(MESSAGES, attempt=0, progress=False)
    alone = make_local(mistral, tmp_path / "b", batch_size=1).rewrite(
        MESSAGES[::-1], attempt=0, progress=False
    )
    assert [each.text for each in together] == [each.text for each in alone[::-1]]
    assert len({each.text for each in together}) == 4
    again = make_local(mistral, tmp_path / "b").rewrite(MESSAGES, attempt=1, progress=False)
    other = make_local(mistral, tmp_path / "c", seed=1).rewrite(MESSAGES, attempt=0, progress=False)
    assert all(
        first.text not in (second.text, third.text)
        for first, second, third in zip(together, again, other, strict=True)
    )


def test_without_temperature_the_text_is_the_one_of_transformers(mistral: Path, tmp_path: Path) -> None:
    import torch

    upsampler = make_local(mistral, tmp_path, temperature=0.0)
    (written,) = upsampler.rewrite([MESSAGES[1]], attempt=0, progress=False)
    tokenizer, network = upsampler.load()
    ids = torch.tensor([tokenizer(f"<s>[INST]{MESSAGES[1]}[/INST]", add_special_tokens=False).input_ids])
    tokens: list[int] = []
    for _ in range(12):
        with torch.inference_mode():
            tokens.append(
                int(
                    network(torch.cat([ids, torch.tensor([tokens], dtype=torch.long)], 1))
                    .logits[0, -1]
                    .argmax()
                )
            )
        if tokens[-1] == 2:
            break
    assert written.text == tokenizer.decode(tokens, skip_special_tokens=True).strip()


def test_texts_that_were_cut_off_say_so_and_none_is_written_twice(mistral: Path, tmp_path: Path) -> None:
    upsampler = make_local(mistral, tmp_path)
    first = upsampler.rewrite(MESSAGES, attempt=0, progress=False)
    assert "cut off after 12 tokens (option max_new_tokens)" in {each.error for each in first}
    fresh = make_local(mistral, tmp_path)
    assert fresh.rewrite(MESSAGES, attempt=0, progress=False) == first
    assert fresh._loaded is None
    assert (upsampler.n_cut, fresh.n_cut) == (0, sum(bool(each.error) for each in first))
    assert make_local(mistral, tmp_path, retry=True).rewrite(MESSAGES, attempt=0, progress=False) == first
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    assert {record["message"] for record in kept} == set(MESSAGES)


def test_a_local_model_through_all_checks(mistral: Path, tmp_path: Path) -> None:
    with BadServer(write=Scribe()) as server:
        done = upsample(
            make_prompts(CAPTION, "A dog kicks a ball into a pond."), make_local(mistral, tmp_path),
            make_chat(server, tmp_path), progress=False,
        )  # fmt: skip
        assert server.calls == []
    assert done.failures["is_final"].all()
    assert len(done.failures) == 4
    assert done.settings["weights"]
    assert done.settings["dtype"] == "fp32"


def test_checkpoints_that_do_not_serve(tmp_path: Path) -> None:
    silent = make_local(save_mistral(tmp_path / "silent", chat_template=None), tmp_path / "cache")
    with pytest.raises(WeightsError, match="has no chat template"):
        silent.rewrite(["a"], attempt=0, progress=False)
    with pytest.raises(WeightsError, match="does not exist"):
        make_local(tmp_path / "nowhere", tmp_path).rewrite(["a"], attempt=0, progress=False)
    for options, message in (
        ({"batch_size": 0}, "batch_size is 0"),
        ({"temperature": 3.0}, "between 0 and 2"),
        ({"dtype": "int8"}, "Allowed: auto, bf16"),
    ):
        with pytest.raises(ValueError, match=message):
            make_local(tmp_path, tmp_path, **options)


def test_what_it_takes_is_said_first(tmp_path: Path) -> None:
    with BadServer(write=Scribe()) as server:
        checker = make_chat(server, tmp_path)
        local = price_upsampling(make_prompts(CAPTION), LocalUpsampler(cache=str(tmp_path)), checker)
        chat = price_upsampling(make_prompts(CAPTION), make_chat(server, tmp_path, "upsampler"), checker)
        assert server.calls == []
    assert (
        "by mistralai/Mistral-Nemo-Instruct-2407 on this machine, 0 to pay; first fetches the weights"
        in local
    )
    assert "checks, both ways: 2 calls" in local
    assert "lengthening: 1 calls" in chat
    assert Rewrite("x").error == ""
