from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from sweep.config import Objective
from sweep.data.index import Split
from sweep.errors import DataError
from sweep.training.evaluate import evaluate, score_split


def logits_for(predicted, num_classes=3):
    return torch.nn.functional.one_hot(torch.tensor(predicted), num_classes).float() * 2


def test_scores_are_those_of_the_confusion_matrix():
    scores = evaluate(logits_for([0, 0, 1, 1, 1, 0]), torch.tensor([0, 0, 0, 1, 1, 2]))
    assert scores.confusion == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert scores.support == [3, 2, 1]
    assert scores.accuracy == pytest.approx(4 / 6)
    assert scores.precision == pytest.approx([2 / 3, 2 / 3, 0])
    assert scores.recall == pytest.approx([2 / 3, 1, 0])
    assert scores.f1 == pytest.approx([2 / 3, 0.8, 0])
    assert scores.macro_f1 == pytest.approx((2 / 3 + 0.8 + 0) / 3)
    assert scores.loss == pytest.approx(math.log(math.e**2 + 2) - 2 * 4 / 6)


def test_the_objective_is_read_from_it():
    scores = evaluate(logits_for([0, 1]), torch.tensor([0, 2]))
    assert scores.value(Objective.accuracy) == 0.5
    assert scores.value(Objective.loss) == scores.loss
    assert scores.value(Objective.macro_f1) == scores.macro_f1


def test_an_empty_split_cannot_be_scored(make_setup, dataset, tmp_path):
    empty = dataclasses.replace(dataset, splits={**dataset.splits, Split.test: np.array([], np.int64)})
    with pytest.raises(DataError, match="test split is empty"):
        score_split(make_setup(), empty, Split.test, tmp_path / "best.safetensors")


def test_with_ten_classes_or_more_the_true_one_may_be_among_the_five_highest():
    logits = torch.arange(10.0).expand(4, 10)
    scores = evaluate(logits, torch.tensor([9, 5, 4, 0]))
    assert (scores.accuracy, scores.top5_accuracy) == (0.25, 0.5)
    assert scores.metrics()["top5_accuracy"] == scores.describe("abcdefghij")["top5_accuracy"] == 0.5


def test_with_fewer_classes_five_guesses_say_nothing():
    scores = evaluate(torch.arange(9.0).expand(4, 9), torch.tensor([8, 5, 4, 0]))
    assert scores.top5_accuracy is None
    assert "top5_accuracy" not in scores.metrics()
