"""Runs ``saerad`` for Slicer and puts its maps into the scene."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import qt
import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from SaeRadLib.command import arguments, clean_environment, find_program
from SaeRadLib.maps import THRESHOLD, read_segments
from SaeRadLib.results import AnalysisError, read_result

NOTICE = "Research use only – not for diagnosis"
PROGRAM = "SaeRad/Program"
"""Setting that holds the path of ``saerad``."""


class SaeRadLogic(ScriptedLoadableModuleLogic):
    """Runs ``saerad`` beside Slicer's event loop, and puts its maps into the scene.

    Attributes
    ----------
    finished : callable
        Called with the volume and its `Result`.
    failed : callable
        Called with why there is none.
    """

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.finished, self.failed = (lambda _volume, _result: None), (lambda _text: None)
        self._process = self._volume = self._out = None
        self._nodes = []

    @property
    def running(self):
        """Whether a child process works."""
        return self._process is not None

    def start(self, volume, program="", pack=""):
        """Analyse a volume; returns at once, `finished` or `failed` is called later.

        Raises
        ------
        AnalysisError
            When there is nothing to start, or nothing to start it on.
        """
        self.stop()
        environment = clean_environment(slicer.util.startupEnvironment())
        path = find_program(program, environment)
        if not path:
            raise AnalysisError("saerad was not found: name its path (…/.venv/bin/saerad)")
        uid, file = self.image_of(volume)
        self._volume, self._uid, self._out = volume, uid, tempfile.mkdtemp(prefix="saerad-slicer-")
        self._process = qt.QProcess()
        given = qt.QProcessEnvironment()
        for name, value in environment.items():
            given.insert(name, value)
        self._process.setProcessEnvironment(given)
        self._process.connect("finished(int,QProcess::ExitStatus)", self._on_finished)
        self._process.connect("errorOccurred(QProcess::ProcessError)", self._on_error)
        self._process.start(path, arguments(file, self._out, pack))

    def stop(self):
        """End the child process; neither `finished` nor `failed` is called."""
        process = self._process
        self._process = None
        if process is not None:
            process.kill()
            process.waitForFinished(5000)
        self._forget()

    def image_of(self, volume):
        """Return SOP Instance UID and file of the one DICOM image that a volume shows.

        Raises
        ------
        AnalysisError
            When it shows none, or several.
        """
        uids = (volume.GetAttribute("DICOM.instanceUIDs") or "").split() if volume is not None else []
        if len(uids) != 1:
            raise AnalysisError("choose a volume of one radiograph that was loaded by the DICOM module")
        file = slicer.dicomDatabase.fileForInstance(uids[0])
        if not file:
            raise AnalysisError("the file of this radiograph is not in Slicer's DICOM database")
        return uids[0], file

    def load_maps(self, volume, result):
        """Add each heat map as a volume (per cent of the fixed scale), and all of them as one segmentation.

        Raises
        ------
        AnalysisError
            When they do not belong to the volume.
        """
        self.remove_maps()
        if result.segmentation is None:
            return
        slices, rows, columns = slicer.util.arrayFromVolume(volume).shape
        if slices != 1:
            raise AnalysisError("the volume has several slices: it is no radiograph")
        segments = read_segments(Path(result.segmentation), result.uid, (rows, columns))
        matrix = vtk.vtkMatrix4x4()
        volume.GetIJKToRASMatrix(matrix)
        parts = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"AI maps of {volume.GetName()}")
        self._nodes.append(parts)
        parts.CreateDefaultDisplayNodes()
        parts.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        for one in segments:
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"AI map {one.number} {one.label}")
            self._nodes.append(node)
            slicer.util.updateVolumeFromArray(node, one.percent)
            node.SetIJKToRASMatrix(matrix)
            node.SetDescription(f"{one.description} Per cent of the fixed scale. {NOTICE}.")
            node.CreateDefaultDisplayNodes()
            shown = node.GetDisplayNode()
            shown.SetAutoWindowLevel(False)
            shown.SetWindowLevelMinMax(0.0, 100.0)
            shown.SetApplyThreshold(True)
            shown.SetThreshold(THRESHOLD, 100.0)
            shown.SetAndObserveColorNodeID("vtkMRMLColorTableNodeFileColdToHotRainbow.txt")
            identifier = parts.GetSegmentation().AddEmptySegment("", one.label, one.colour)
            drawn = (one.percent >= THRESHOLD).astype(np.uint8)
            slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, parts, identifier, volume)

    def remove_maps(self):
        """Take the maps of this module out of the scene."""
        for node in self._nodes:
            if slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)
        self._nodes = []

    def _on_finished(self, status, _how):
        process, volume, out, uid = self._process, self._volume, self._out, self._uid
        if process is None:
            return
        self._process = None
        printed = process.readAllStandardOutput().data().decode("utf-8", "replace")
        complaints = process.readAllStandardError().data().decode("utf-8", "replace")
        try:
            result = read_result(Path(out), uid, status, printed, complaints)
        except (AnalysisError, OSError, KeyError, ValueError) as error:
            self._forget()
            self.failed(str(error))
            return
        try:
            self.finished(volume, result)
        finally:
            self._forget()

    def _on_error(self, _kind):
        process, self._process = self._process, None
        if process is not None:
            self._forget()
            self.failed(f"saerad could not be run: {process.errorString()}")

    def _forget(self):
        if self._out is not None:
            shutil.rmtree(self._out, ignore_errors=True)
        self._volume = self._out = None
