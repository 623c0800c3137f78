"""One pass with a shared prefix, against the same language model run plainly, question by question."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tests.judges import owl_cases
from videophy_lab.judges.owl.answering import (
    AnswerForm,
    answer_prompts,
    rate_words,
    read_ahead,
    weigh_allowed,
)
from videophy_lab.judges.owl.generation import generate_official
from videophy_lab.judges.owl.passes import Prompt, group_prompts, measure_prefix, read_prefix, select_rows

one_thread = owl_cases.one_thread
WIDTH, VOCABULARY, MEDIA, MEDIA_LENGTH = 16, 40, -2, 5
OPENING = (1, 7, 8, *[MEDIA] * MEDIA_LENGTH, 9)
DIGITS = (10, 11, 12, 13, 14)


class Network:
    """A small random language model, and embeddings with media in them."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        config = LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=64,
            initializer_range=0.6,
        )
        self.language_model = LlamaForCausalLM(config).eval()

    def embed(self, ids: torch.Tensor, media: torch.Tensor) -> torch.Tensor:
        embeddings = self.language_model.get_input_embeddings()(ids.clamp(min=0)).clone()
        if (ids == MEDIA).any():
            embeddings[ids == MEDIA] = media.reshape(-1, WIDTH)
        return embeddings


def make_prompts(rng: np.random.Generator, videos: int, each: int) -> list[Prompt]:
    """Make prompts of uneven length about each video, in no order."""
    prompts = [
        Prompt((*OPENING, *rng.integers(3, VOCABULARY, rng.integers(1, 9)).tolist()), video, allowed)
        for video in range(videos)
        for allowed in [DIGITS, DIGITS[:3]] * each
    ]
    return [prompts[index] for index in rng.permutation(len(prompts))]


def read_plainly(network: Network, media: torch.Tensor, ids: list[int]) -> torch.Tensor:
    """Give the next token's logits by a whole pass without a cache."""
    with torch.inference_mode():
        embeddings = network.embed(torch.tensor([ids]), media[None])
        return network.language_model(inputs_embeds=embeddings, use_cache=False).logits[0, -1]


def generate_plainly(
    network: Network, media: torch.Tensor, ids: tuple[int, ...], eos: int, most: int
) -> list[int]:
    said: list[int] = []
    while len(said) < most:
        said.append(int(read_plainly(network, media, [*ids, *said]).argmax()))
        if said[-1] == eos:
            return said[:-1]
    return said


@pytest.fixture(scope="module", params=range(3))
def asked(request):
    """Give a network, three videos, their prompts, and a lead and an end that some answers have."""
    network = Network(request.param)
    rng = np.random.default_rng(request.param)
    media = torch.tensor(rng.normal(size=(3, MEDIA_LENGTH, WIDTH)), dtype=torch.float32)
    prompts = make_prompts(rng, 3, 3)
    answers = [generate_plainly(network, media[p.video], p.ids, -1, 6) for p in prompts]
    lead = max((answer[0] for answer in answers), key=[answer[0] for answer in answers].count)
    # a second token that is led by it counts as a digit, and what follows that as the end of text
    digit, eos = next(answer[1:3] for answer in answers if answer[0] == lead and answer[2] not in answer[:2])
    prompts = [Prompt(p.ids, p.video, (digit, *p.allowed)) for p in prompts]
    return network, media, prompts, AnswerForm(lead=lead, eos=eos, max_new_tokens=20)


def test_answers_are_those_of_plain_greedy_generation(asked):
    network, media, prompts, form = asked
    readings = answer_prompts(network, media, prompts, form)
    expected = [generate_plainly(network, media[p.video], p.ids, form.eos, 20) for p in prompts]
    assert [list(reading.tokens) for reading in readings] == expected
    assert any(len(answer) == 2 for answer in expected), "one answer is settled by looking ahead"
    assert any(len(answer) != 2 for answer in expected), "and one is not"


def test_probabilities_are_those_of_a_plain_pass(asked):
    network, media, prompts, form = asked
    for prompt, reading in zip(prompts, answer_prompts(network, media, prompts, form), strict=True):
        logits = read_plainly(network, media[prompt.video], [*prompt.ids, form.lead]).double()
        whole = logits.exp() / logits.exp().sum()
        chosen = whole[list(prompt.allowed)]
        assert reading.probabilities == pytest.approx((chosen / chosen.sum()).tolist(), abs=1e-5)
        assert sum(reading.probabilities) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("max_tokens", [1, 40, 100])
def test_groups_change_nothing(asked, max_tokens):
    network, media, prompts, form = asked
    whole = answer_prompts(network, media, prompts, form)
    parts = answer_prompts(network, media, prompts, form, max_tokens=max_tokens)
    for one, other in zip(whole, parts, strict=True):
        assert one.tokens == other.tokens
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_without_the_end_the_digit_settles_the_answer(asked):
    network, media, prompts, form = asked
    bold = AnswerForm(form.lead, form.eos, check_end=False, max_new_tokens=2)
    for prompt, reading in zip(prompts, answer_prompts(network, media, prompts, bold), strict=True):
        first, second = generate_plainly(network, media[prompt.video], prompt.ids, -1, 2)
        expected = [first, second] if first == form.lead else [first]
        if form.eos in expected:
            expected = expected[: expected.index(form.eos)]
        assert list(reading.tokens) == expected


def test_words_are_rated_at_the_end_of_the_prompt(asked):
    network, media, prompts, _ = asked
    for prompt, reading in zip(prompts, rate_words(network, media, prompts), strict=True):
        logits = read_plainly(network, media[prompt.video], list(prompt.ids)).double()
        chosen = logits[list(prompt.allowed)].exp()
        assert reading.probabilities == pytest.approx((chosen / chosen.sum()).tolist(), abs=1e-5)
        assert reading.tokens == (int(logits.argmax()),)


def test_official_generation_is_plain_up_to_the_context(asked):
    network, media, prompts, form = asked
    for prompt in prompts[:4]:
        plain = generate_plainly(network, media[prompt.video], prompt.ids, form.eos, 12)
        said = generate_official(network, media[prompt.video], prompt.ids, eos=form.eos, max_new_tokens=12)
        assert list(said) == plain + [form.eos] * (len(plain) < 12)


def test_official_generation_rounds_the_rotation_beyond_the_context():
    network = Network(0)
    media = torch.zeros(MEDIA_LENGTH, WIDTH)
    ids = (*OPENING, *np.random.default_rng(1).integers(3, VOCABULARY, 80).tolist())
    said = generate_official(network, media, ids, eos=-1, max_new_tokens=6)
    rotary = network.language_model.model.rotary_emb
    exact = rotary.inv_freq.clone()
    rotary.inv_freq = exact.bfloat16().float()
    assert not torch.equal(rotary.inv_freq, exact)
    assert list(said) == generate_plainly(network, media, ids, -1, 6)
    rotary.inv_freq = exact


def test_the_rotation_is_restored_after_a_long_prompt():
    network = Network(0)
    rotary = network.language_model.model.rotary_emb
    before = rotary.inv_freq.clone()
    generate_official(
        network, torch.zeros(MEDIA_LENGTH, WIDTH), (*OPENING, *OPENING[:3] * 30), eos=-1, max_new_tokens=2
    )
    assert torch.equal(rotary.inv_freq, before)


def test_the_prefix_is_what_all_share_and_leaves_one_id():
    def share(*ids):
        return measure_prefix([Prompt(tuple(one), 0, DIGITS) for one in ids])

    assert share([1, 2, 3, 4], [1, 2, 3, 5]) == 3
    assert share([1, 2, 3], [1, 2, 3]) == 2
    assert share([1, 2, 3, 4], [1, 2], [1, 2, 3]) == 1
    assert share([1, 2], [3, 2]) == 0
    assert share([5]) == 0
    assert share([1, MEDIA, MEDIA], [1, MEDIA, MEDIA, 4]) == 1, "no video is cut in two"


def test_nothing_shared_is_read_apart():
    network = Network(2)
    media = torch.randn(2, MEDIA_LENGTH, WIDTH)
    prompts = [Prompt((first, *[MEDIA] * MEDIA_LENGTH, 9), first - 1, DIGITS) for first in (1, 2)]
    for prompt, reading in zip(prompts, rate_words(network, media, prompts), strict=True):
        chosen = read_plainly(network, media[prompt.video], list(prompt.ids))[list(DIGITS)].softmax(-1)
        assert reading.probabilities == pytest.approx(chosen.tolist(), abs=1e-5)


def test_groups_are_bounded_and_keep_every_prompt(rng):
    prompts = make_prompts(rng, 5, 6)
    groups = list(group_prompts(prompts, 100))
    assert sorted(index for group in groups for index in group) == list(range(len(prompts)))
    assert all(len(group) * (max(len(prompts[i].ids) for i in group) + 2) <= 100 for group in groups)
    assert [len(group) for group in group_prompts(prompts, 1)] == [1] * len(prompts)


def test_choosing_rows_leaves_the_prefix_as_it_is():
    network = Network(3)
    cache = read_prefix(network, torch.randn(2, MEDIA_LENGTH, WIDTH), OPENING)
    before = [layer.keys.clone() for layer in cache.layers]
    chosen = select_rows(cache, torch.tensor([1, 1, 0]))
    assert chosen.layers[0].keys.shape[0] == 3
    assert torch.equal(chosen.layers[1].keys[2], before[1][0])
    chosen.crop(-1)
    assert all(torch.equal(layer.keys, old) for layer, old in zip(cache.layers, before, strict=True))


def test_allowed_answers_are_weighed_by_hand():
    logits = torch.tensor([[0.0, np.log(2), np.log(3), np.log(4)], [0.0, 0.0, 0.0, 0.0]])
    probabilities = weigh_allowed(logits, [(1, 3), (0, 1, 2)])
    assert probabilities[0].tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    assert probabilities[1].tolist() == pytest.approx([1 / 3] * 3)


def test_what_looking_ahead_settles():
    form = AnswerForm(lead=5, eos=2)
    assert read_ahead((5, 10, 2), DIGITS, form) == (5, 10)
    assert read_ahead((5, 10, 11), DIGITS, form) is None
    assert read_ahead((5, 30, 2), DIGITS, form) is None
    assert read_ahead((6, 10, 2), DIGITS, form) is None
    short = AnswerForm(lead=5, eos=2, max_new_tokens=3)
    assert read_ahead((5, 10, 11), DIGITS, short) == (5, 10, 11)
    assert read_ahead((5, 2, 11), DIGITS, short) == (5,)
    assert read_ahead((6, 10, 2), DIGITS, short) == (6,)
    assert read_ahead((2, 10, 2), DIGITS, short) == ()
