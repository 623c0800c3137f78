"""The loss is that of the answer's tokens alone."""

from __future__ import annotations

import math

import numpy as np
import torch

from tests.judges.owl.official import load_tokenizer
from tests.judges.owl_cases import CHECKPOINT
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.judges.base import Question
from videophy_lab.training.networks.lessons import Lesson, label_answers, weigh_answers
from videophy_lab.training.networks.owl import OwlTrainee
from videophy_lab.training.students import OwlStudent


def test_losses_are_those_computed_by_hand():
    # three tokens; after the question the logits favour 1, then 2, and what follows the end does not count
    logits = torch.tensor([[[0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [9.0, 0.0, 0.0]]]).repeat(2, 1, 1)
    lessons = [Lesson((1, 2), 1, (0, 2)), Lesson((1, 0), 1, (0, 2))]
    losses, hits = weigh_answers(logits, lessons)
    first = math.log(2 + math.exp(2)) - 2
    right, wrong = math.log(2 + math.exp(3)) - 3, math.log(2 + math.exp(3))
    np.testing.assert_allclose(losses.numpy(), [(first + right) / 2, (first + wrong) / 2], rtol=1e-6)
    assert hits.tolist() == [True, False]


def test_answers_are_labelled_and_nothing_else():
    lessons = [Lesson((4, 7, 2), 1, (7,)), Lesson((4, 2), 0, (4,))]
    assert label_answers(lessons, 4).tolist() == [[4, 7, 2, -100], [4, 2, -100, -100]]


def make_task(text: str, rating: int):
    judge = AutoEval(checkpoint=str(CHECKPOINT), device="cpu")
    judge.prepare()
    student = OwlStudent(judge)
    media = {"media": torch.randn(65, judge._network.config.text.hidden_size)}
    return student, student.write(Question("sa", text), rating, media)


def test_the_answer_is_what_the_judge_reads():
    student, task = make_task("A ball rolls.", 4)
    tokenizer = load_tokenizer()
    assert tokenizer.decode(task.lesson.ids) == "4"
    assert task.lesson.ids[0] == tokenizer.piece_id("▁")
    assert task.lesson.ids[-1] == 2
    assert task.lesson.digits[3] == task.lesson.ids[task.lesson.spot]
    assert task.question == student.judge.write_prompt(Question("sa", "A ball rolls."))


def test_the_network_gives_the_likelihood_of_the_answer_whatever_stands_beside_it():
    student, task = make_task("A ball rolls.", 4)
    _, longer = make_task("A much longer caption about a ball that rolls over a wooden table.", 1)
    network = student.judge._network
    trainee = OwlTrainee(network)
    with torch.no_grad():
        losses, _ = trainee(**student.collate([task, longer]))
        wanted = []
        for each in (task, longer):
            ids = torch.tensor([[*each.question, *each.lesson.ids]])
            embedded = network.embed(ids, each.media["media"][None])
            said = network.language_model(inputs_embeds=embedded).logits[0].log_softmax(-1)
            start = len(each.question) - 1
            wanted.append(
                -np.mean([float(said[start + n, token]) for n, token in enumerate(each.lesson.ids)])
            )
    np.testing.assert_allclose(losses.numpy(), wanted, rtol=1e-5)


def test_only_the_adapter_gets_gradients():
    from tests.training.planted import FAST

    student, task = make_task("A ball rolls.", 4)
    trainee = student.make_trainee(FAST)
    trainee.set_training(True)
    losses, _ = trainee(**student.collate([task]))
    losses.sum().backward()
    got = {name for name, weight in trainee.named_parameters() if weight.grad is not None}
    assert got
    assert all("lora_" in name for name in got)
    layers = student.judge._network.config.text.num_hidden_layers
    assert len(got) == 2 * 7 * layers
    assert not student.judge._network.vision_model.training
