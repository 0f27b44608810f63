from __future__ import annotations

import pytest

from sweep.config import ScheduleConfig, ScheduleName
from sweep.training.schedule import lr_at, plateau_scale


def curve(name, warmup_epochs, epochs=20, steps_per_epoch=10):
    schedule = ScheduleConfig(name=name, warmup_epochs=warmup_epochs)
    return [lr_at(step, steps_per_epoch, epochs, 0.01, schedule) for step in range(steps_per_epoch * epochs)]


def test_cosine_rises_to_its_peak_when_the_warmup_ends_and_falls_to_zero():
    rates = curve(ScheduleName.cosine, 2)
    assert rates[0] == pytest.approx(0.01 / 20)
    assert rates[:20] == sorted(rates[:20])
    assert max(rates) == rates[20] == pytest.approx(0.01)
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[110] == pytest.approx(0.005), "half-way between the warmup's end and the trial's"
    assert 0 < rates[-1] < 1e-5


def test_warmup_takes_at_most_a_quarter_of_a_short_trial():
    rates = curve(ScheduleName.cosine, 100)
    assert rates.index(max(rates)) in (49, 50)


def test_constant_stays_at_its_peak_after_the_warmup():
    assert set(curve(ScheduleName.constant, 0)) == {0.01}
    assert set(curve(ScheduleName.constant, 2)[20:]) == {0.01}


def test_without_warmup_the_first_step_has_the_full_rate():
    assert curve(ScheduleName.cosine, 0)[0] == 0.01


def test_a_trial_of_one_step_is_trained():
    assert lr_at(0, 1, 1, 0.01, ScheduleConfig()) > 0


def plateau(val_losses, patience=2, factor=0.1):
    schedule = ScheduleConfig(name=ScheduleName.plateau, patience=patience, factor=factor)
    return plateau_scale(val_losses, schedule)


def test_plateau_keeps_the_rate_while_the_loss_falls_within_its_patience():
    assert plateau([]) == 1
    assert plateau([3, 2, 1]) == 1
    assert plateau([3, 3, 2, 2, 1]) == 1


def test_plateau_lowers_the_rate_after_its_patience_and_again_after_it():
    losses = [3, 2, 2, 2.5, 2.1, 2, 1, 1]
    scales = [plateau(losses[:epochs]) for epochs in range(len(losses) + 1)]
    assert scales == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01])


def test_a_lower_loss_lets_plateau_wait_anew():
    assert plateau([3, 3, 2.9, 2.95], patience=2) == 1
    assert plateau([3, 3, 2.9, 2.95, 2.9], patience=2) == pytest.approx(0.1)


def test_other_schedules_do_not_look_at_the_loss():
    for name in (ScheduleName.cosine, ScheduleName.constant):
        assert plateau_scale([1] * 99, ScheduleConfig(name=name)) == 1


def test_plateau_warms_up_and_then_stays():
    assert curve(ScheduleName.plateau, 2) == curve(ScheduleName.constant, 2)
