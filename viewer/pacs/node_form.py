"""The fields of one node, or of what we call ourselves, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QLineEdit, QSpinBox, QWidget

from engine.errors import UsageError
from engine.network.nodes import TLS, DimseNode, Local, WebNode, wrong_in
from viewer.i18n import mark, tr

KINDS = (("dimse", mark("DIMSE (C-FIND, C-GET, C-MOVE, C-STORE)")), ("dicomweb", mark("DICOMweb (QIDO, WADO, STOW)")))
RETRIEVALS = (("get", "C-GET"), ("move", "C-MOVE"))
AUTHS = (("none", mark("None")), ("basic", mark("User and password")), ("bearer", mark("Token")))
_ROWS = {
    "dimse": ("kind", "host", "port", "ae_title", "retrieve", "timeout"),
    "dicomweb": ("kind", "url", "auth", "timeout"),
    "local": ("ae_title", "host", "port"),
}
_TLS_ROWS = ("ca", "certificate", "key")

Model = TypeVar("Model", bound=BaseModel)


class NodeForm(QWidget):
    """Shows a `DimseNode`, a `WebNode` or the `Local`, each with its own rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._local = False
        self._rows: dict[str, int] = {}
        self.form = QFormLayout(self)
        self.name = self._line("name", tr("Name"))
        self.kind = self._choice("kind", tr("Kind"), KINDS)
        self.ae_title = self._line("ae_title", tr("AE title"))
        self.host = self._line("host", tr("Host"))
        self.port = QSpinBox()
        self.port.setRange(1, 65535)
        self._row("port", tr("Port"), self.port)
        self.retrieve = self._choice("retrieve", tr("Retrieve by"), RETRIEVALS)
        self.url = self._line("url", tr("URL"), "https://pacs.example/dicom-web")
        self.auth = self._choice("auth", tr("Authentication"), AUTHS)
        self.user = self._line("user", tr("User"))
        self.secret = self._line("secret", tr("Password or token"), tr("kept in the system's keyring only"))
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.timeout = QDoubleSpinBox()
        self.timeout.setRange(1, 3600)
        self.timeout.setDecimals(0)
        self.timeout.setSuffix(" s")
        self._row("timeout", tr("Give up after"), self.timeout)
        self.tls = QCheckBox()
        self._row("tls", "", self.tls)
        self.ca = self._line("ca", tr("Authority (PEM)"), tr("empty: those of the system"))
        self.certificate = self._line("certificate", tr("Our certificate (PEM)"))
        self.key = self._line("key", tr("Its key (PEM)"))
        for changed in (self.kind.currentIndexChanged, self.auth.currentIndexChanged, self.tls.toggled):
            changed.connect(self._show_rows)
        self.show_node("", None)

    def show_node(self, name: str, node: DimseNode | WebNode | None) -> None:
        """Show a node; None is a new one."""
        self._local = False
        self.name.setText(name)
        self._fill(node or DimseNode.model_construct(kind="dimse", host="", port=104, ae_title=""))
        if not isinstance(node, WebNode):
            self._fill(WebNode.model_construct(kind="dicomweb", url=""), leave=("kind", "timeout", "tls"))
        self._show_rows()

    def show_local(self, local: Local) -> None:
        """Show what we call ourselves."""
        self._local = True
        self._fill(local)
        self._show_rows()

    def node(self) -> DimseNode | WebNode:
        """Return what the fields say.

        Raises
        ------
        UsageError
            ``NODE_FIELDS``.
        """
        if self.kind.currentData() == "dimse":
            return _checked(DimseNode, self._values("dimse"))
        values = self._values("dicomweb")
        if values["auth"] == "basic":
            values["user"] = self.user.text().strip()
        return _checked(WebNode, values)

    def local(self) -> Local:
        """Return what the fields say; raises as `node`."""
        return _checked(Local, self._values("local"))

    def _values(self, kind: str) -> dict[str, object]:
        values = {name: self._read(name) for name in _ROWS[kind]}
        if self.tls.isChecked():
            values["tls"] = {name: self._read(name) for name in _TLS_ROWS}
        return values

    def _read(self, name: str) -> object:
        field = getattr(self, name)
        if isinstance(field, QComboBox):
            return field.currentData()
        return field.text().strip() if isinstance(field, QLineEdit) else field.value()

    def _fill(self, model: BaseModel, leave: tuple[str, ...] = ()) -> None:
        values: Mapping[str, Any] = model.model_dump()
        for name, value in values.items():
            field = getattr(self, name)
            if name in leave or name == "tls":
                continue
            if isinstance(field, QComboBox):
                field.setCurrentIndex(field.findData(value))
            elif isinstance(field, QLineEdit):
                field.setText(str(value))
            else:
                field.setValue(value)
        if "tls" not in leave:
            tls = getattr(model, "tls", None)
            self.tls.setChecked(tls is not None)
            for name in _TLS_ROWS:
                getattr(self, name).setText(getattr(tls or TLS(), name))
        self.secret.clear()

    def _show_rows(self) -> None:
        kind = "local" if self._local else str(self.kind.currentData())
        shown = {*_ROWS[kind], "tls"} | (set() if self._local else {"name"})
        if kind == "dicomweb" and self.auth.currentData() != "none":
            shown |= {"secret"} | ({"user"} if self.auth.currentData() == "basic" else set())
        if self.tls.isChecked():
            shown |= set(_TLS_ROWS)
        # https is encrypted with the system's authorities without more.
        self.tls.setText(
            tr("https with files of our own")
            if kind == "dicomweb"
            else tr("TLS; the other side's certificate is checked")
        )
        self.tls.setAccessibleName(self.tls.text())
        for name, row in self._rows.items():
            self.form.setRowVisible(row, name in shown)

    def _line(self, name: str, label: str, placeholder: str = "") -> QLineEdit:
        line = QLineEdit()
        line.setPlaceholderText(placeholder)
        self._row(name, label, line)
        return line

    def _choice(self, name: str, label: str, choices: tuple[tuple[str, str], ...]) -> QComboBox:
        box = QComboBox()
        for value, text in choices:
            box.addItem(tr(text), value)
        self._row(name, label, box)
        return box

    def _row(self, row: str, label: str, field: QWidget) -> None:
        field.setObjectName(row)
        field.setAccessibleName(label)
        self._rows[row] = self.form.rowCount()
        self.form.addRow(label, field)


def _checked(model: Callable[..., Model], values: Mapping[str, object]) -> Model:
    try:
        return model(**values)
    except ValidationError as error:
        raise UsageError("NODE_FIELDS", wrong_in(error), tr("correct the field")) from error
