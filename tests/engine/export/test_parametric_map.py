"""Why heat maps are no Parametric Maps: the library makes none of an image without a frame of reference."""

from __future__ import annotations

import numpy as np
import pytest
from highdicom import VOILUTTransformation, pm
from highdicom.sr import CodedConcept

from engine.export.dicom_object import new_uid, source_of
from tests.engine.export.test_structured_report import CR
from tests.engine.report.factories import radiograph


def test_the_library_makes_no_parametric_map_of_a_projection_image() -> None:
    """When this fails, write the maps as Parametric Map, too, and say so in docs/exports.md."""
    source = source_of(radiograph(**CR)).dataset
    scale = pm.RealWorldValueMapping(
        lut_label="HEAT", lut_explanation="heat map", unit=CodedConcept("1", "UCUM", "no units"),
        value_range=[0.0, 1.0], slope=1.0, intercept=0.0,
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="dimension index"):
        pm.ParametricMap(
            [source], np.zeros((1, source.Rows, source.Columns), np.float32), new_uid(), 1, new_uid(), 1, "m", "m", "1",
            "1", contains_recognizable_visual_features=False, real_world_value_mappings=[scale],
            voi_lut_transformations=[VOILUTTransformation(window_center=0.5, window_width=1.0)],
        )  # fmt: skip
