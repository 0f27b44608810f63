from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from sweep.config import ClassWeights, TrainConfig
from sweep.training.loss import Loss, Tally, inverse_frequencies

SPLIT = np.array([0] * 6 + [1] * 3 + [2] * 1)
LABELS = torch.tensor([0, 1, 2, 0, 0])
LOGITS = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))


def loss_of(smoothing=0.0, weights=ClassWeights.none):
    return Loss(TrainConfig(label_smoothing=smoothing, class_weights=weights), SPLIT, 3, "cpu")


def mean(loss, logits, labels):
    return loss(logits, labels) / loss.weight(labels)


def test_a_classes_weight_is_inverse_to_its_frequency_and_one_on_the_mean_over_the_pictures():
    weights = inverse_frequencies(SPLIT, 3)
    assert weights.tolist() == pytest.approx([10 / 18, 10 / 9, 10 / 3])
    assert weights[SPLIT].mean().item() == pytest.approx(1)


def test_a_class_without_pictures_weighs_nothing():
    assert inverse_frequencies(SPLIT, 4).tolist() == pytest.approx([10 / 24, 10 / 12, 10 / 4, 0])


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", ClassWeights)
def test_for_plain_labels_it_is_torchs_and_for_shares_that_are_whole_it_is_the_same(smoothing, weights):
    loss = loss_of(smoothing, weights)
    torchs = inverse_frequencies(SPLIT, 3) if weights is ClassWeights.inverse else None
    expected = cross_entropy(LOGITS, LABELS, weight=torchs, label_smoothing=smoothing)
    assert torch.allclose(mean(loss, LOGITS, LABELS), expected)
    assert torch.allclose(mean(loss, LOGITS, one_hot(LABELS, 3).float()), expected)


def test_mixed_labels_follow_the_formula():
    shares, smoothing = torch.tensor([[0.7, 0.0, 0.3], [0.0, 1.0, 0.0]]), 0.1
    weights = inverse_frequencies(SPLIT, 3)
    surprise = -LOGITS[:2].log_softmax(dim=1)
    above = (weights * ((1 - smoothing) * shares + smoothing / 3) * surprise).sum()
    below = (weights * shares).sum()
    assert torch.allclose(mean(loss_of(smoothing, ClassWeights.inverse), LOGITS[:2], shares), above / below)


def test_with_label_smoothing_the_best_answer_is_not_certainty():
    logits, labels, loss = torch.zeros(2, 3, requires_grad=True), torch.tensor([0, 2]), loss_of(0.3)
    optimizer = torch.optim.SGD([logits], lr=5.0)
    for _ in range(60):
        optimizer.zero_grad()
        mean(loss, logits, labels).backward()
        optimizer.step()
    assert logits.softmax(dim=1)[0].tolist() == pytest.approx([0.8, 0.1, 0.1], abs=1e-3)


@pytest.mark.parametrize(
    ("smoothing", "weights"), [(0.3, ClassWeights.none), (0.0, ClassWeights.inverse), (0.0, ClassWeights.none)]
)
def test_what_is_reported_is_comparable_whatever_is_trained_with(smoothing, weights):
    loss = loss_of(smoothing, weights)
    plain = loss.plain(LOGITS, LABELS, loss(LOGITS, LABELS))
    assert torch.allclose(plain, cross_entropy(LOGITS, LABELS, reduction="sum"))


def test_the_tally_is_over_pictures_and_a_mixed_one_counts_as_what_it_is_most():
    tally = Tally("cpu")
    tally.add(torch.tensor([[2.0, 1.0], [2.0, 1.0]]), torch.tensor([0, 1]), torch.tensor(5.0))
    tally.add(torch.tensor([[2.0, 1.0]]), torch.tensor([[0.6, 0.4]]), torch.tensor(1.0))
    assert tally.means() == {"train/loss": 2.0, "train/accuracy": pytest.approx(2 / 3)}
