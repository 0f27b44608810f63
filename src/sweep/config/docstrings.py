"""The sentences that stand under fields and members: Python keeps none of them at run time, so the source is read."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache


def field_docs(part: type) -> dict[str, str]:
    """Name → the sentence under it, for every field of a dataclass or member of an enum that has one."""
    return _documented(_class_node(part))


def class_doc(part: type) -> str:
    """What the class says of itself; empty where it says nothing."""
    return _one_line(ast.get_docstring(_class_node(part)) or "")


def _class_node(part: type) -> ast.ClassDef:
    tree = _module_tree(part.__module__)
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == part.__name__)


@cache
def _module_tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


def _documented(node: ast.ClassDef) -> dict[str, str]:
    found = {}
    for statement, after in zip(node.body, node.body[1:], strict=False):
        target = statement.target if isinstance(statement, ast.AnnAssign) else None
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]  # type: ignore[assignment]
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
        if isinstance(target, ast.Name) and isinstance(text, str):
            found[target.id] = _one_line(text)
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())
