"""What the documents point at is there, and the settings they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.documentation import documents
from tests.documentation.documents import DOCUMENTS, HOWTOS, PROGRAMS, ROOT, code, commands, headings, links
from tests.documentation.typist import check_command

from sweep.config import Config
from sweep.config.fields import find_rule, leaf_paths, rules
from sweep.config.sheets import group_choices

ALL = [*DOCUMENTS, *HOWTOS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
SETTING = re.compile(r"(?<![\w.])((?:space\.)?[a-z_]+(?:\.[a-z_]+)*)=([\w.-]+)?")
OUR_PATH = re.compile(r"(?:docs|conf|sweeps|tests|src)/[\w./-]+\w|[A-Z]+\.md")
GROUPS = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()}


@pytest.mark.parametrize("document", ALL, ids=lambda path: path.name)
def test_no_command_hides_behind_something_else(document: Path) -> None:
    """Such as a prompt, with which it would not be found, and so not be run."""
    for line in code(document):
        assert " python -m sweep " not in f" {line.text} " or line.text.startswith(PROGRAMS), line.where


@pytest.mark.parametrize("document", ALL, ids=lambda path: path.name)
def test_every_link_and_figure_leads_somewhere(document: Path) -> None:
    for target, where in links(document):
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.is_file(), f"{where}: there is no {target}"
        assert not anchor or anchor in headings(file), f"{where}: {file.name} has no heading for #{anchor}"


@pytest.mark.parametrize("document", ALL, ids=lambda path: path.name)
def test_every_file_of_ours_that_is_named_exists(document: Path) -> None:
    for line in code(document):
        if OUR_PATH.fullmatch(line.text):
            assert (ROOT / line.text).exists(), f"{line.where}: there is no {line.text}"


@pytest.mark.parametrize("document", [*DOCUMENTS, *HOWTOS], ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(document: Path) -> None:
    top = {path.partition(".")[0] for path in leaf_paths(Config)}
    for line in code(document):
        for path, value in SETTING.findall("" if line.text.startswith("error: ") or "lrr" in line.text else line.text):
            name = path.removeprefix("space.").removesuffix(".low").removesuffix(".high").removesuffix(".choices")
            if name in GROUPS:
                choices = {choice.name for choice in group_choices(name)} | {"NAME", ""}
                assert value in choices, f"{line.where}: there is no {name}={value}"
            elif name.partition(".")[0] in top:
                assert find_rule(Config, name), line.where


@pytest.mark.parametrize("document", HOWTOS, ids=lambda path: path.name)
def test_every_howto_can_be_found_from_the_readme(document: Path) -> None:
    assert f"docs/howto/{document.name}" in {target for target, _ in links(ROOT / "README.md")}


def test_the_table_of_networks_has_all_of_them() -> None:
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "howto" / "networks.md").read_text(), flags=re.MULTILINE)
    assert named == [option.value for option in rules(rules(Config)["model"].kind)["name"].kinds[0]]


SAMPLE = """
# A title: with a colon

Text with `python -m sweep top`, and `sweep` alone, which is a name.

    python -m sweep data=folder \\
        data.root=pictures   # a comment
    some output
    python -m sweep data=damaged
    error: it is damaged …

- a list

      make test

```
sweep status [STUDY]
```
"""


def test_commands_are_found_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    (tmp_path / "sample.md").write_text(SAMPLE)
    found = [(command.text, command.where, command.error) for command in commands([tmp_path / "sample.md"])]
    assert found == [
        ("python -m sweep data=folder data.root=pictures", "sample.md:7", ""),
        ("python -m sweep data=damaged", "sample.md:9", "error: it is damaged …"),
        ("make test", "sample.md:14", ""),
        ("sweep status '[STUDY]'", "sample.md:17", ""),
        ("python -m sweep top", "sample.md:4", ""),
    ]
    assert headings(tmp_path / "sample.md") == {"a-title-with-a-colon"}


def test_a_placeholder_that_nobody_knows_fails_by_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    command = documents.Command(("python", "-m", "sweep", "top", "WHAT"), "sample.md:1")
    with pytest.raises(AssertionError, match="sample.md:1: nobody knows what to put in the place of WHAT"):
        check_command(command, {"STUDY": "mine"}, capsys)


def test_a_command_that_fails_is_named_by_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    command = documents.Command(("python", "-m", "sweep", "optimizer.lr=-1"), "sample.md:2")
    with pytest.raises(AssertionError, match=r"sample.md:2: .* ended with 2, not 0:\nerror: optimizer.lr=-1"):
        check_command(command, {}, capsys)
