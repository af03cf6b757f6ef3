"""Names of the tools, what to do with them, and the lines that stand beside a measurement."""

from __future__ import annotations

from engine.measure.shapes import Kind
from engine.measure.values import OTHER_WARNING, Reading, Value
from viewer.i18n import decimal, mark, tr

CALIBRATE = "calibrate"

HINTS: dict[str, str] = {
    Kind.LENGTH: mark("Length: draw a line"),
    Kind.ANGLE: mark("Angle: draw one arm towards the vertex, then click the end of the other"),
    Kind.COBB: mark("Cobb angle: draw along one end plate, then along the other"),
    Kind.ELLIPSE: mark("Ellipse: draw from corner to corner of the box around it"),
    Kind.RECTANGLE: mark("Rectangle: draw from corner to corner"),
    Kind.TEXT: mark("Text: click where it is to stand"),
    Kind.ARROW: mark("Arrow: draw towards what it points at"),
    Kind.CARDIOTHORACIC: mark(
        "Cardiothoracic ratio: draw the greatest width of the heart, then the greatest inner width of the thorax;"
        " then tilt the midline by its ends"
    ),
    CALIBRATE: mark("Calibration: draw along something of known length"),
}
NAMES: dict[str, str] = {
    Kind.LENGTH: mark("length"),
    Kind.ANGLE: mark("angle"),
    Kind.COBB: mark("Cobb angle"),
    Kind.ELLIPSE: mark("ellipse"),
    Kind.RECTANGLE: mark("rectangle"),
    Kind.TEXT: mark("text"),
    Kind.ARROW: mark("arrow"),
    Kind.CARDIOTHORACIC: mark("cardiothoracic ratio"),
    CALIBRATE: mark("calibration by hand"),
}


def with_label(text: str, label: str) -> str:
    """A value with what its unit means."""
    return f"{text} ({tr(label)})" if label else text


def _warning(text: str) -> str:
    head, tail = OTHER_WARNING.split("{view}")
    if text.startswith(head) and text.endswith(tail):
        return tr(OTHER_WARNING, view=text.removeprefix(head).removesuffix(tail))
    return tr(text)


def _plain(value: Value) -> str:
    return with_label(decimal(value.text), value.label)


def lines_of(reading: Reading) -> tuple[str, ...]:
    """Return the lines that stand beside a measurement on the image; warnings come last."""
    drawn, values = reading.drawn, reading.values
    warnings = tuple("⚠ " + _warning(warning) for warning in reading.warnings)
    if drawn.kind in (Kind.TEXT, Kind.ARROW):
        return (drawn.text,) if drawn.text else ()
    if drawn.kind in (Kind.LENGTH, Kind.ANGLE):
        return tuple(_plain(value) for value in values)
    if drawn.kind is Kind.COBB:
        return tuple(f"{tr('Cobb')} {_plain(value)}" for value in values)
    if drawn.kind is Kind.CARDIOTHORACIC and values:
        ratio, heart, thorax = values
        return (
            f"{tr('CTR')} {decimal(ratio.text)}",
            f"{tr('heart')} {_plain(heart)}",
            f"{tr('thorax')} {_plain(thorax)}",
            *warnings,
        )
    named = {value.name: value for value in values}
    lines = [f"{tr('area')} {_plain(named['area'])}"] if "area" in named else []
    if "mean" in named:
        lines.append(f"{tr('mean')} {decimal(named['mean'].text)}  {tr('SD')} {decimal(named['SD'].text)}")
        lines.append(f"{tr('min')} {decimal(named['min'].text)}  {tr('max')} {decimal(named['max'].text)}")
    return (*lines, *warnings)


def spoken(reading: Reading) -> str:
    """A measurement in one line, for the status bar and for screen readers."""
    return ", ".join((tr(NAMES[reading.drawn.kind]), *lines_of(reading)))
