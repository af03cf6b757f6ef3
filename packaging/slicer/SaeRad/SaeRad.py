"""3D Slicer module: a chest radiograph that is loaded is analysed by ``saerad``, in a child process.

To load it: Edit > Application Settings > Modules > Additional module paths, this file's folder. Everything that needs
no Slicer stands in ``SaeRadLib`` beside it.
"""

import qt
import slicer
from SaeRadLib.logic import NOTICE, PROGRAM, SaeRadLogic
from SaeRadLib.results import AnalysisError
from SaeRadLib.selftest import SaeRadTest
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleWidget

__all__ = ["SaeRad", "SaeRadLogic", "SaeRadTest", "SaeRadWidget"]
"""What Slicer looks for in this file by name."""


class SaeRad(ScriptedLoadableModule):
    """Title, category and help of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = "SAE-Rad"
        self.parent.categories = ["Chest Radiography"]
        self.parent.contributors = ["The SAE-Rad workstation authors"]
        self.parent.helpText = (
            f"{NOTICE}. Load a frontal chest radiograph by the DICOM module, choose it here and analyse it: a child "
            "process writes a draft report, whose every sentence names the features it stands on, and heat maps."
        )
        self.parent.acknowledgementText = "Apache License 2.0"


class SaeRadWidget(ScriptedLoadableModuleWidget):
    """Input, verdict, draft; results of another image than the one chosen are never shown."""

    def setup(self):
        """Build the panel."""
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = SaeRadLogic()
        self.logic.finished, self.logic.failed = self._show, self._refuse
        notice = qt.QLabel(NOTICE)
        notice.setAlignment(qt.Qt.AlignCenter)
        notice.setStyleSheet("background: #141000; color: #ffd166; font-weight: bold; padding: 4px;")
        self.program = qt.QLineEdit(qt.QSettings().value(PROGRAM) or "")
        self.program.setPlaceholderText("saerad on the search path")
        self.program.editingFinished.connect(lambda: qt.QSettings().setValue(PROGRAM, self.program.text))
        self.pack = qt.QLineEdit()
        self.pack.setPlaceholderText("the demonstration pack")
        self.input = slicer.qMRMLNodeComboBox()
        self.input.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        self.input.addEnabled = self.input.removeEnabled = False
        self.input.noneEnabled = True
        self.input.setMRMLScene(slicer.mrmlScene)
        self.input.connect("currentNodeChanged(vtkMRMLNode*)", self._on_input)
        self.start, self.stop = qt.QPushButton("Analyse"), qt.QPushButton("Cancel")
        self.start.connect("clicked(bool)", self._on_start)
        self.stop.connect("clicked(bool)", self._on_stop)
        self.verdict, self.draft = qt.QLabel(), qt.QPlainTextEdit()
        self.verdict.setTextFormat(qt.Qt.PlainText)
        self.verdict.setWordWrap(True)
        self.draft.setReadOnly(True)
        self.features = qt.QTableWidget(0, 4)
        self.features.setHorizontalHeaderLabels(["feature", "description", "activation", "percentile"])
        form, row = qt.QFormLayout(), qt.QHBoxLayout()
        for label, field in (("Program", self.program), ("Pack", self.pack), ("Radiograph", self.input)):
            form.addRow(label, field)
        row.addWidget(self.start)
        row.addWidget(self.stop)
        self.layout.addWidget(notice)
        self.layout.addLayout(form)
        self.layout.addLayout(row)
        for part in (self.verdict, self.draft, self.features):
            self.layout.addWidget(part)
        self._clear("")

    def cleanup(self):
        """End the child process with the module."""
        self.logic.stop()

    def _on_input(self, _node):
        self.logic.stop()
        self._clear("")

    def _on_start(self):
        self._clear("Analysing…")
        try:
            self.logic.start(self.input.currentNode(), self.program.text, self.pack.text)
        except AnalysisError as error:
            self._refuse(str(error))
        self._enable()

    def _on_stop(self):
        self.logic.stop()
        self._clear("Cancelled.")

    def _show(self, volume, result):
        self._clear(f"Suitable for the model (pack {result.pack})")
        if result.verdict:
            self.verdict.setText(f"{'REFUSED' if result.refused else 'WARNING'} {result.verdict}")
        if result.refused:
            self.verdict.setStyleSheet("background: #7a1f1f; color: white; font-weight: bold; padding: 4px;")
            return
        self.draft.setPlainText(result.draft)
        self.features.setRowCount(len(result.features))
        for number, one in enumerate(result.features):
            cells = (str(one.number), one.description, f"{one.activation:.2f}", f"{one.percentile:.0f}")
            for column, text in enumerate(cells):
                self.features.setItem(number, column, qt.QTableWidgetItem(text))
        try:
            self.logic.load_maps(volume, result)
        except AnalysisError as error:
            self._refuse(str(error))

    def _refuse(self, text):
        self._clear(text)
        self.verdict.setStyleSheet("color: #ffb74d; font-weight: bold;")

    def _clear(self, text):
        """Take away what was said of the image before, in the panel and in the scene."""
        self.verdict.setStyleSheet("")
        self.verdict.setText(text)
        self.draft.setPlainText("")
        self.features.setRowCount(0)
        self.logic.remove_maps()
        self._enable()

    def _enable(self):
        self.start.setEnabled(self.input.currentNode() is not None and not self.logic.running)
        self.stop.setEnabled(self.logic.running)
