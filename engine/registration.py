"""How one radiograph of a patient lies to another: one shift and one magnification, found by their gray values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from engine.errors import MeasureError

Picture = npt.NDArray[np.float32]
ROWS = 192
"""Height at which pictures are compared: lungs and mediastinum decide there, ribs and vessels do not."""
LEAST_CORRELATION = 0.5
"""Below it the pictures have too little in common to say how they lie."""


@dataclass(frozen=True)
class Registration:
    """Place in the moving picture = scale * place in the fixed picture + (dx, dy).

    Places are counted from the middle of each picture, its height being 1.

    Attributes
    ----------
    correlation : float
        Of the gray values that lie on each other, -1 to 1.
    """

    scale: float
    dx: float
    dy: float
    correlation: float


def register(fixed: Picture, moving: Picture) -> Registration:
    """Find the shift and the magnification by which two pictures fit best (normalised correlation, gradient descent).

    Rotation and breathing are left out, so that it is an approximation.

    Parameters
    ----------
    fixed, moving : ndarray of float32, shape (rows, columns)
        Gray values as displayed, 0 black to 1 white; about `ROWS` rows are enough.

    Raises
    ------
    MeasureError
        ``NOT_ALIGNED`` when no place is found where they have enough in common.
    """
    first, second = _image(fixed), _image(moving)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsCorrelation()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=0.05, minStep=1e-4, numberOfIterations=120, gradientMagnitudeTolerance=1e-6
    )
    # Scale, angle, shift: the angle stays 0.
    method.SetOptimizerWeights([1.0, 0.0, 1.0, 1.0])
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([0.02, 0.01, 0.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    transform = sitk.Similarity2DTransform()
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(first, second)
    except RuntimeError as error:
        raise _not_aligned() from error
    scale, _, dx, dy = transform.GetParameters()
    found = _correlation(first, second, transform)
    if found < LEAST_CORRELATION or not 0.5 < scale < 2.0:
        raise _not_aligned()
    return Registration(scale, dx, dy, found)


def _image(picture: Picture) -> sitk.Image:
    """Give a picture coordinates that count from its middle, its height being 1."""
    rows, columns = picture.shape
    image = sitk.GetImageFromArray(np.ascontiguousarray(picture, dtype=np.float32))
    image.SetSpacing((1.0 / rows, 1.0 / rows))
    image.SetOrigin((-(columns - 1) / (2.0 * rows), -(rows - 1) / (2.0 * rows)))
    return image


def _correlation(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> float:
    """Correlation where the moving picture covers the fixed one; -1 where that is less than a quarter of it."""
    outside = -1.0
    laid = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear, outside))
    covered = laid >= 0.0
    if covered.mean() < 0.25:
        return -1.0
    a, b = sitk.GetArrayFromImage(fixed)[covered], laid[covered]
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0.0 and b.std() > 0.0 else -1.0


def _not_aligned() -> MeasureError:
    return MeasureError(
        "NOT_ALIGNED",
        "the images have too little in common to be aligned by their gray values",
        "align them by hand: Shift and a drag moves one image alone",
    )
