"""The self-test of the module, for Slicer's own test runner."""

import shutil
import tempfile
from pathlib import Path

import qt
import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from SaeRadLib.logic import PROGRAM, SaeRadLogic
from SaeRadLib.maps import THRESHOLD


class SaeRadTest(ScriptedLoadableModuleTest):
    """Self-test (Reload and Test, or ``Slicer --testing``): needs ``saerad`` and the repository this file is in."""

    def setUp(self):
        """Start with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run all of it."""
        for name in ("01_chest_pa.dcm", "05_hand.dcm"):
            self.setUp()
            self.check(name, refused=name == "05_hand.dcm")
        self.delayDisplay("SAE-Rad: the self-test passed")

    def check(self, name, refused):
        """Analyse an image of the demonstration, and look at what is in the scene then."""
        from DICOMLib import DICOMUtils

        repository = Path(__file__).resolve().parents[4]
        answers = []
        logic = SaeRadLogic()

        def keep(shown, result):
            answers.append(result)
            if not result.refused:
                logic.load_maps(shown, result)

        logic.finished, logic.failed = keep, answers.append
        with DICOMUtils.TemporaryDICOMDatabase() as database:
            with tempfile.TemporaryDirectory() as folder:
                shutil.copy(repository / "resources" / "demo" / name, folder)
                DICOMUtils.importDicom(folder, database)
                (volume,) = [
                    slicer.util.getNode(node)
                    for patient in database.patients()
                    for node in DICOMUtils.loadPatientByUID(patient)
                ]
                logic.start(volume, qt.QSettings().value(PROGRAM) or "")
                self.assertTrue(logic.running)
                while logic.running:
                    slicer.app.processEvents()
                (result,) = answers
                self.assertFalse(isinstance(result, str), result)
                self.assertEqual(result.refused, refused)
                self.assertEqual(bool(result.draft), not refused)
                self.look_at_maps(logic, volume, result)
            logic.remove_maps()

    def look_at_maps(self, logic, volume, result):
        """Compare what is in the scene with the image: same size, same place, nothing of a refused one."""
        maps = [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if node is not volume]
        parts = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        if result.refused:
            self.assertEqual((maps, parts), ([], []))
            return
        self.assertTrue(maps)
        self.assertEqual(parts[0].GetSegmentation().GetNumberOfSegments(), len(maps))
        own, other = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
        volume.GetIJKToRASMatrix(own)
        for node in maps:
            node.GetIJKToRASMatrix(other)
            self.assertEqual(
                [own.GetElement(i, j) for i in range(4) for j in range(4)],
                [other.GetElement(i, j) for i in range(4) for j in range(4)],
            )
            self.assertEqual(slicer.util.arrayFromVolume(node).shape, slicer.util.arrayFromVolume(volume).shape)
            self.assertGreater(slicer.util.arrayFromVolume(node).max(), THRESHOLD)
