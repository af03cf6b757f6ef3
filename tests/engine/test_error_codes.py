"""The page of error codes says what the code does, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PARTS = ("engine", "viewer", "training")
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
ROOT = "SaeRadError"
GATE = "Images that the model does not analyse (gate codes)"


def calls(repository: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in the program by the name that is called."""
    for part in PARTS:
        for path in sorted((repository / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                    yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr, node


def error_classes(repository: Path) -> set[str]:
    """Names of `SaeRadError` and all that derive from it."""
    bases: dict[str, set[str]] = {}
    for part in PARTS:
        for path in (repository / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    named = {
                        base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases
                    }
                    bases.setdefault(node.name, set()).update(named)
    found = {ROOT}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def codes_in(argument: ast.expr) -> set[str]:
    """Codes of an argument: a constant, or one of two where a condition chooses."""
    texts = (node.value for node in ast.walk(argument) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}


def raised_codes(repository: Path) -> set[str]:
    """First arguments of what makes errors and notices, and the worker's failures, whose third is the code."""
    # `add`, `remark` and `_remark` note what is wrong with a data set.
    makers = error_classes(repository) | {"Problem", "__init__", "refused", "warning", "add", "remark", "_remark"}
    found: set[str] = set()
    for name, call in calls(repository):
        place = 2 if name == "Failure" else 0 if name in makers else None
        if place is not None and len(call.args) > place and isinstance(call.args[place], (ast.Constant, ast.IfExp)):
            found |= codes_in(call.args[place])
    return found


def gate_codes(repository: Path) -> set[str]:
    """First arguments of the calls that make a gate's verdicts."""
    made = (call for name, call in calls(repository) if name in ("refused", "warning") and call.args)
    return set().union(*(codes_in(call.args[0]) for call in made if isinstance(call.args[0], ast.Constant)))


def rows(repository: Path) -> list[tuple[str, list[str]]]:
    """Section and cells of every row of the page that begins with a code."""
    page = (repository / "docs" / "error-codes.md").read_text(encoding="utf-8")
    found = []
    for part in page.split("\n## ")[1:]:
        for line in part.splitlines():
            if line.startswith("| `"):
                found.append((part.partition("\n")[0], [cell.strip() for cell in line.strip("|").split(" | ")]))
    return found


def documented(repository: Path) -> list[str]:
    return [cells[0].strip("` ") for _, cells in rows(repository)]


def test_every_code_is_documented_and_no_other(repository: Path) -> None:
    page, code = set(documented(repository)), raised_codes(repository)
    assert code - page == set(), "codes without a row in docs/error-codes.md"
    assert page - code == set(), "rows of docs/error-codes.md whose code nothing raises"


def test_the_walk_finds_the_codes(repository: Path) -> None:
    found = raised_codes(repository)
    assert {"USAGE", "CANCELLED", "OUT_OF_MEMORY", "FILE_UNREADABLE", "CHILD", "NO_IMAGE_FOUND"} <= found
    assert len(found) > 90


def test_each_code_has_one_row_with_meaning_and_remedy(repository: Path) -> None:
    names = documented(repository)
    assert len(names) == len(set(names))
    for section, cells in rows(repository):
        assert len(cells) == (4 if section == GATE else 3) and all(cells), cells


def test_the_codes_of_the_gate_are_those_of_its_table(repository: Path) -> None:
    assert {cells[0].strip("` ") for section, cells in rows(repository) if section == GATE} == gate_codes(repository)
