"""What the project's documents say: commands to type, code to run, links to follow, settings by name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOWTOS = sorted((ROOT / "docs" / "howto").glob("*.md"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
"""All but the how-tos."""

PROGRAMS = ("python -m sweep", "sweep", "make", "optuna-dashboard", "eval", ". .venv/bin/activate", "pip install")
"""What a command begins with."""


@dataclass(frozen=True)
class Command:
    words: tuple[str, ...]
    where: str
    """Such as README.md:12."""
    error: str = ""
    """The line that the document shows as the command's answer, where it is an error."""

    @property
    def text(self) -> str:
        return shlex.join(self.words)


@dataclass(frozen=True)
class Line:
    """A line of a code block, or what stands between backticks."""

    text: str
    where: str
    is_block: bool


def commands(documents: list[Path]) -> list[Command]:
    """Every distinct command, where it is met first."""
    found: dict[tuple[str, ...], Command] = {}
    for document in documents:
        lines = [*_block_lines(document), *_spans(document)]
        for line, after in zip(lines, [*lines[1:], None], strict=True):
            if line.text.startswith(tuple(f"{program} " for program in PROGRAMS)) or (line.is_block and line.text in PROGRAMS):
                error = after.text if after and after.is_block and after.text.startswith("error: ") else ""
                words = tuple(word for word in shlex.split(line.text, comments=True) if word != "…")
                found.setdefault(words, Command(words, line.where, error))
    return list(found.values())


def python_blocks(document: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", document.read_text(), flags=re.MULTILINE | re.DOTALL)


def links(document: Path) -> list[tuple[str, str]]:
    """The target of every link and figure, with where it stands; addresses of other places are left out."""
    text = document.read_text()
    found = re.finditer(r"\]\(([^)\s]+)\)", text)
    return [(one[1], _where(document, text, one.start())) for one in found if "://" not in one[1]]


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", document.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def code(document: Path) -> list[Line]:
    """All that is set as code, in blocks and between backticks."""
    return [*_block_lines(document), *_spans(document)]


def _block_lines(document: Path) -> Iterator[Line]:
    """The lines of code blocks, fenced or indented, those joined that end in a backslash."""
    begun = ""
    for number, raw in _lines_in_blocks(document):
        text = f"{begun} {raw.strip()}".strip()
        if text.endswith("\\"):
            begun = text.removesuffix("\\").strip()
        else:
            begun = ""
            yield Line(text, f"{document.relative_to(ROOT)}:{number}", is_block=True)


def _lines_in_blocks(document: Path) -> Iterator[tuple[int, str]]:
    is_fenced, was_code = False, True
    for number, line in enumerate(document.read_text().split("\n"), 1):
        if line.lstrip().startswith("```"):
            is_fenced = not is_fenced
            continue
        is_indented = line.startswith("    ") and was_code
        if (is_fenced or is_indented) and line.strip():
            yield number, line
        was_code = is_indented or not line.strip()


def _spans(document: Path) -> Iterator[Line]:
    in_blocks = {number for number, _ in _lines_in_blocks(document)}
    lines = document.read_text().split("\n")
    text = "\n".join("" if number in in_blocks or "```" in line else line for number, line in enumerate(lines, 1))
    for one in re.finditer(r"`([^`\n]+(?:\n[^`\n]+)?)`", text):
        yield Line(" ".join(one[1].split()), _where(document, text, one.start()), is_block=False)


def _where(document: Path, text: str, position: int) -> str:
    return f"{document.relative_to(ROOT)}:{text.count(chr(10), 0, position) + 1}"
