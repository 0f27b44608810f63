from __future__ import annotations

import pytest

from sweep.analysis.naming import clip, counted, markdown_cell, short_names, short_number


def test_a_name_two_settings_would_share_stays_whole():
    names = short_names(["optimizer.lr", "head.lr", "model.dropout", "a.value"], taken=["value"])
    assert names == {"optimizer.lr": "optimizer.lr", "head.lr": "head.lr", "model.dropout": "dropout", "a.value": "a.value"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0003234, "0.000323"),
        (3.2e-6, "3.2e-06"),
        (48, "48"),
        ("adamw", "adamw"),
        (None, "none"),
        (True, "True"),
        (float("nan"), "—"),
    ],
)
def test_numbers_as_people_write_them(value, text):
    assert short_number(value) == text


def test_long_text_keeps_both_ends():
    assert clip("Anthurium andraeanum var. purpureum 7", 20) == "Anthurium an…ureum 7"
    assert len(clip("x" * 100, 20)) == 20
    assert clip("short", 20) == "short"
    assert clip("two\nlines", 20) == r"two\nlines"


def test_cells_survive_markdown():
    assert markdown_cell("weight_decay") == "weight_decay"
    assert markdown_cell("a|b `c` *d* _e_") == r"a\|b \`c\` \*d\* \_e\_"


def test_counts():
    assert (counted(1, "trial"), counted(0, "trial"), counted(2, "epoch")) == ("1 trial", "0 trials", "2 epochs")
