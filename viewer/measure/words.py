"""Names of the tools, what to do with them, and the lines that stand beside a measurement."""

from __future__ import annotations

from engine.measure.shapes import Kind
from engine.measure.values import Reading, Value
from viewer.i18n import tr

CALIBRATE = "calibrate"

HINTS: dict[str, str] = {
    Kind.LENGTH: "Length: draw a line",
    Kind.ANGLE: "Angle: draw one arm towards the vertex, then click the end of the other",
    Kind.COBB: "Cobb angle: draw along one end plate, then along the other",
    Kind.ELLIPSE: "Ellipse: draw from corner to corner of the box around it",
    Kind.RECTANGLE: "Rectangle: draw from corner to corner",
    Kind.TEXT: "Text: click where it is to stand",
    Kind.ARROW: "Arrow: draw towards what it points at",
    Kind.CARDIOTHORACIC: "Cardiothoracic ratio: draw the greatest width of the heart, then the greatest inner width of"
    " the thorax; then tilt the midline by its ends",
    CALIBRATE: "Calibration: draw along something of known length",
}
NAMES: dict[str, str] = {
    Kind.LENGTH: "length",
    Kind.ANGLE: "angle",
    Kind.COBB: "Cobb angle",
    Kind.ELLIPSE: "ellipse",
    Kind.RECTANGLE: "rectangle",
    Kind.TEXT: "text",
    Kind.ARROW: "arrow",
    Kind.CARDIOTHORACIC: "cardiothoracic ratio",
    CALIBRATE: "calibration by hand",
}


def with_label(text: str, label: str) -> str:
    """A value with what its unit means."""
    return f"{text} ({tr(label)})" if label else text


def _plain(value: Value) -> str:
    return with_label(value.text, value.label)


def lines_of(reading: Reading) -> tuple[str, ...]:
    """Return the lines that stand beside a measurement on the image; warnings come last."""
    drawn, values = reading.drawn, reading.values
    warnings = tuple("⚠ " + tr(warning) for warning in reading.warnings)
    if drawn.kind in (Kind.TEXT, Kind.ARROW):
        return (drawn.text,) if drawn.text else ()
    if drawn.kind in (Kind.LENGTH, Kind.ANGLE):
        return tuple(_plain(value) for value in values)
    if drawn.kind is Kind.COBB:
        return tuple(f"{tr('Cobb')} {_plain(value)}" for value in values)
    if drawn.kind is Kind.CARDIOTHORACIC and values:
        ratio, heart, thorax = values
        return (
            f"{tr('CTR')} {ratio.text}",
            f"{tr('heart')} {_plain(heart)}",
            f"{tr('thorax')} {_plain(thorax)}",
            *warnings,
        )
    named = {value.name: value for value in values}
    lines = [f"{tr('area')} {_plain(named['area'])}"] if "area" in named else []
    if "mean" in named:
        lines.append(f"{tr('mean')} {named['mean'].text}  {tr('SD')} {named['SD'].text}")
        lines.append(f"{tr('min')} {named['min'].text}  {tr('max')} {named['max'].text}")
    return (*lines, *warnings)


def spoken(reading: Reading) -> str:
    """A measurement in one line, for the status bar and for screen readers."""
    return ", ".join((tr(NAMES[reading.drawn.kind]), *lines_of(reading)))
