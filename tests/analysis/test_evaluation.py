from __future__ import annotations

import json

import pytest

from sweep.analysis.evaluation import per_class_csv, per_class_markdown, read_evaluation
from sweep.analysis.figures.confusion import confusion_matrix
from sweep.errors import StudyError


def test_no_file_is_no_evaluation(tmp_path):
    assert read_evaluation(tmp_path) is None


def test_counts_and_shares(tmp_path, write_evaluation):
    write_evaluation(tmp_path, ["cat", "dog", "newt", "owl"], per_class=10)
    found = read_evaluation(tmp_path)
    right = sum(found.confusion[index][index] for index in range(4))
    assert (found.num_pictures, found.accuracy) == (40, right / 40)
    matrix = confusion_matrix(found, "Trial 3")
    assert [sum(row) for row in matrix.shares] == pytest.approx([1, 1, 1, 1])
    assert matrix.labels == ("cat", "dog", "newt", "owl")
    assert f"accuracy {right / 40:.3f}" in matrix.subtitle


def test_a_class_without_pictures_has_no_shares(tmp_path):
    scores = [{"name": name, "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0} for name in "ab"]
    plain = {"classes": ["a", "b"], "confusion": [[0, 0], [2, 1]], "per_class": scores, "loss": 1.0}
    (tmp_path / "evaluation.json").write_text(json.dumps(plain))
    matrix = confusion_matrix(read_evaluation(tmp_path), "")
    assert matrix.shares[0] == (0, 0)
    assert matrix.subtitle.endswith("Most often confused: b taken for a (2 of 3).")


def test_names_the_font_lacks_become_numbers(tmp_path, write_evaluation):
    write_evaluation(tmp_path, ["雏菊", "café", "a\nb", "Anthurium andraeanum var. purpureum 7"])
    labels = confusion_matrix(read_evaluation(tmp_path), "").labels
    assert labels == ("class 1", "café", r"a\nb", "Anthurium andr…pureum 7"[:14] + "…ureum 7")


def test_tables_per_class(tmp_path, write_evaluation):
    write_evaluation(tmp_path, ["cat", "do,g", "ne|wt"])
    found = read_evaluation(tmp_path)
    lines = per_class_csv(found).splitlines()
    assert lines[0] == "class,precision,recall,f1,support"
    assert lines[2].startswith('"do,g",')
    worst = min(found.per_class, key=lambda score: score.f1)
    table = per_class_markdown(found, limit=1).splitlines()
    assert len(table) == 3 and f"{worst.f1:.3f}" in table[2]


@pytest.mark.parametrize("content", ["{", "{}", '{"classes": ["a"], "confusion": [[1, 0]], "per_class": []}'])
def test_a_damaged_file_is_refused_by_name(tmp_path, content):
    (tmp_path / "evaluation.json").write_text(content)
    with pytest.raises(StudyError, match="evaluation.json is damaged"):
        read_evaluation(tmp_path)
