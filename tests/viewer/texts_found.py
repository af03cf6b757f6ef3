"""Finds the texts of the viewer that a person reads: in its code, in its declarations, and in the engine's names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from engine.dicom.radiograph import Calibration
from engine.inference.attribution import METHOD_TITLES
from engine.measure.values import AP_WARNING, OTHER_WARNING, UNKNOWN_WARNING
from engine.report.draft import DraftStatus
from viewer.actions.catalogue import ACTIONS
from viewer.actions.spec import MENUS

VIEWER = Path(__file__).resolve().parents[2] / "viewer"
FROM_THE_ENGINE: dict[str, tuple[str, ...]] = {
    "program": ("preparing", "encoder", "features", "heat maps", "done", "Reading the index data of images"),
    "image": (*METHOD_TITLES.values(), *(step.value for step in Calibration)),
    "measure": (AP_WARNING, UNKNOWN_WARNING, OTHER_WARNING),
    "report": (*(status.value for status in DraftStatus), "undecided"),
}
"""Words that the engine owns and the viewer shows, by the folder of viewer that shows them."""
SHOWN_BY = frozenset(
    (
        *("setText", "setToolTip", "setStatusTip", "setWindowTitle", "setTitle", "setHtml", "setLabelText"),
        *("setAccessibleName", "setAccessibleDescription", "setPlaceholderText", "setInformativeText", "showMessage"),
        *("setSuffix", "setPrefix", "addItem", "addTab", "addMenu", "addAction", "addRow", "plain_label", "Problem"),
        *("QLabel", "QPushButton", "QCheckBox", "QAction", "QMenu", "QToolBar", "QGroupBox"),
    )
)
"""Calls whose first text a person reads."""


def concern(path: Path) -> str:
    """Return the name of the file, without its ending, that holds the words of a module: its folder's."""
    inside = path.relative_to(VIEWER).parts
    return inside[0] if len(inside) > 1 else "program"


def texts() -> dict[str, str]:
    """Return every text that passes through ``tr``, with the file its words belong to; the first by name wins."""
    found = [(concern(path), text) for path, tree in modules() for text in _translated(tree)]
    found += [("actions", text) for spec in ACTIONS for text in (spec.text, spec.tooltip)]
    found += [("actions", menu) for menu in MENUS]
    found += [(place, text) for place, its in FROM_THE_ENGINE.items() for text in its]
    return {text: place for place, text in sorted(found, reverse=True) if text}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Yield every module of the viewer."""
    for path in sorted(VIEWER.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def hard_coded(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each call that shows words which passed through nothing."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _name(call) in SHOWN_BY:
            # The first of a problem is its code.
            for argument in call.args[1:] if _name(call) == "Problem" else call.args:
                text = "".join(_literal(argument))
                if any(word.isalpha() and len(word) > 1 for word in text.split()):
                    yield call.lineno, text


def _translated(tree: ast.Module) -> Iterator[str]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _name(call) in ("tr", "mark") and call.args:
            yield from _choices(call.args[0])


def _choices(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _choices(node.body)
        yield from _choices(node.orelse)


def _literal(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from _literal(part)
    elif isinstance(node, ast.IfExp):
        yield from _literal(node.body)
        yield " "
        yield from _literal(node.orelse)
    elif isinstance(node, ast.BinOp):
        yield from _literal(node.left)
        yield from _literal(node.right)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
