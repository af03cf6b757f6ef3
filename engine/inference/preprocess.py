"""From a displayed image to the encoder's input, and back from patches to pixels; the only implementation of both."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from engine.errors import InferenceError
from engine.inference.bicubic import bicubic_box, bicubic_input
from engine.pack.manifest import EncoderSpec

FloatImage = npt.NDArray[np.float32]


def source_box(rows: int, columns: int, spec: EncoderSpec) -> tuple[float, float, float, float]:
    """Part of the image that the encoder sees.

    Parameters
    ----------
    rows, columns : int
        Size of the image in pixels.

    Returns
    -------
    tuple of float
        (left, top, right, bottom) in pixel edges: the whole image is (0, 0, columns, rows).
    """
    if spec.resize_rule == "shortest_edge_bicubic":
        return bicubic_box(rows, columns, spec)
    if spec.resize_rule == "stretch":
        return 0.0, 0.0, float(columns), float(rows)
    # Shorter side to the input size, then a centred crop: the visible part has the input's aspect ratio.
    scale = min(rows / spec.input_height, columns / spec.input_width)
    height, width = scale * spec.input_height, scale * spec.input_width
    left, top = (columns - width) / 2.0, (rows - height) / 2.0
    return left, top, left + width, top + height


def normalise_intensity(image: FloatImage, spec: EncoderSpec) -> FloatImage:
    """Apply the pack's intensity rule to a displayed image (0 black to 1 white)."""
    if spec.intensity_rule == "display":
        return image
    # A grid of about 512 by 512 samples fixes the percentiles to far less than a grey level.
    step = max(1, min(image.shape) // 512)
    low, high = np.percentile(image[::step, ::step], spec.intensity_percentiles)
    if high - low < 1e-6:
        return np.zeros_like(image)
    stretched: FloatImage = np.clip((image - np.float32(low)) / np.float32(high - low), 0.0, 1.0).astype(np.float32)
    return stretched


def resample(image: FloatImage, box: tuple[float, float, float, float], height: int, width: int) -> FloatImage:
    """Resample a box of the image to height x width pixels, linear, with an anti-aliasing Gaussian when shrinking.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
    box : tuple of float
        (left, top, right, bottom) in pixel edges.

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    left, top, right, bottom = box
    step_x, step_y = (right - left) / width, (bottom - top) / height
    picture = sitk.GetImageFromArray(np.ascontiguousarray(image, dtype=np.float32))
    # sigma of half a target pixel removes what the target grid cannot hold; none is needed when enlarging.
    sigma = [0.5 * step if step > 1.0 else 0.0 for step in (step_x, step_y)]
    if max(sigma) > 0.0:
        picture = sitk.SmoothingRecursiveGaussian(picture, [max(s, 1e-3) for s in sigma])
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize([width, height])
    resampler.SetOutputSpacing([step_x, step_y])
    resampler.SetOutputOrigin([left + step_x / 2.0 - 0.5, top + step_y / 2.0 - 0.5])
    resampler.SetInterpolator(sitk.sitkLinear)
    # Pixels at the border ask for values up to half a pixel outside: repeat the edge.
    resampler.SetUseNearestNeighborExtrapolator(True)
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(picture)), dtype=np.float32)


def encoder_image(image: FloatImage, spec: EncoderSpec) -> FloatImage:
    """Return what the encoder sees before mean and standard deviation: float32 (height, width), 0..1.

    Raises
    ------
    InferenceError
        ``IMAGE_SHAPE`` if the image is not two-dimensional or smaller than 16 pixels on a side.
    """
    if image.ndim != 2 or min(image.shape) < 16:
        raise InferenceError(
            "IMAGE_SHAPE",
            f"an image of shape {image.shape} cannot be analysed",
            "open a single grayscale frame of at least 16 by 16 pixels",
        )
    toned = normalise_intensity(image, spec)
    if spec.resize_rule == "shortest_edge_bicubic":
        return bicubic_input(toned, spec)
    box = source_box(image.shape[0], image.shape[1], spec)
    small = resample(toned, box, spec.input_height, spec.input_width)
    return np.clip(small, 0.0, 1.0)


def pixel_values(image: FloatImage, spec: EncoderSpec) -> npt.NDArray[np.float32]:
    """Return the encoder's input for one image.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Displayed values, 0 black to 1 white (``Radiograph.display()``).

    Returns
    -------
    ndarray of float32, shape (1, 3, input_height, input_width)
    """
    small = encoder_image(image, spec)
    mean = np.asarray(spec.mean, dtype=np.float32)[:, None, None]
    std = np.asarray(spec.std, dtype=np.float32)[:, None, None]
    return ((small[None] - mean) / std)[None].astype(np.float32)
