from __future__ import annotations

import pytest

from sweep.analysis.naming import clip, counted, markdown_cell, network_words, short_names, short_number


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
        (True, "true"),
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


@pytest.mark.parametrize(
    ("parameters", "size_mb", "words"),
    [
        (1_540_000, 6.24, "1.54 M parameters, 6.2 MB as fp32"),
        (85_800_194, 343.2, "85.8 M parameters, 343.2 MB as fp32"),
        (304_000, 1.26, "0.304 M parameters, 1.3 MB as fp32"),
    ],
)
def test_the_size_of_a_network_in_words(parameters, size_mb, words):
    assert network_words({"parameters": parameters, "size_mb": size_mb}) == words
    assert network_words({}) == ""


def test_counts():
    assert (counted(1, "trial"), counted(0, "trial"), counted(2, "epoch")) == ("1 trial", "0 trials", "2 epochs")
