"""Whatever stands on the command line: a checked configuration comes of it, or one line of refusal, and nothing else happens."""

from __future__ import annotations

import os
import string
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sweep.config import Config
from sweep.config.fields import leaf_paths
from sweep.config.load import Composed, compose
from sweep.errors import ConfigError

pytestmark = pytest.mark.fuzz

KEYS = [*leaf_paths(Config), "model", "data", "optimizer", "space", "hydra.run.dir", "regimes.tiny", "+space.optimizer.lr"]
VALUES = [
    "1", "0", "-1", "1e-3", "1e400", "nan", "inf", "null", "true", "auto", "none", "adamw", "''", "[]", "[1,2]", "{}", "{a: 1}",
    "1,2", "range(1,3)", "choice(a,b)", "interval(0,1)", "glob(*)", "sort(1,2)", "int('3')", "${seed}", "${oc.env:HOME}", "???",
    "https://me:hunter2@host/x", "{low: 0, high: 1}", "{choices: [1, 2]}", "a\\", "'", '"', "(", "~", "\0", "\udcff", "é", "1_0",
]  # fmt: skip
HOSTILE = string.ascii_letters + string.digits + "=.+~@/:,[]{}()'\"\\$-_ *?#&|!%\n\t\0é\udcff²"

overrides = st.one_of(
    st.builds(
        lambda sign, key, value: f"{sign}{key}={value}",
        st.sampled_from(["", "+", "++", "~"]),
        st.sampled_from(KEYS),
        st.one_of(st.sampled_from(VALUES), st.text(HOSTILE, max_size=12)),
    ),
    st.builds(
        lambda key, place, character: key[: place % (len(key) + 1)] + character + key[place % (len(key) + 1) :] + "=1",
        st.sampled_from(KEYS),
        st.integers(0, 40),
        st.sampled_from(HOSTILE),
    ),
    st.text(HOSTILE, max_size=30),
)
flags = st.sampled_from([[], [], [], ["--multirun"], ["-m"]])


@pytest.fixture(scope="module", autouse=True)
def empty_folder() -> Iterator[Path]:
    """The working folder, in which nothing may appear."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        yield Path(folder)
        os.chdir(before)


@given(given_overrides=st.lists(overrides, max_size=3), flag=flags)
@example(given_overrides=["a=" + "[" * 2000], flag=[])
@example(given_overrides=["seed=" + "9" * 5000], flag=[])
@example(given_overrides=["seed=range(1,1000000000)"], flag=["-m"])
def test_the_door_lets_in_what_is_right_and_refuses_the_rest_in_one_line(
    empty_folder: Path, given_overrides: list[str], flag: list[str]
) -> None:
    try:
        found = compose([*flag, *given_overrides])
    except ConfigError as error:
        assert "\n" not in error.line and error.line.isprintable() and "hunter2" not in error.line
    else:
        assert all(isinstance(each, Composed) and isinstance(each.config, Config) for each in found)
    assert os.listdir(empty_folder) == []
