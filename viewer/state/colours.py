"""A colour for every heat map shown, none of them twice."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from engine.inference.heat_scale import PALETTE

GOLDEN = 0.6180339887
"""Steps of this share of the colour wheel never meet and soon cover it evenly."""


def give_colours(shown: Sequence[str], given: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the colours given so far, extended and mended so that no two groups that are shown look alike.

    Parameters
    ----------
    shown : sequence of str
        Keys of the groups that are shown.
    given : mapping of str to str
        Colours that groups had before; a group keeps its own unless another one that is shown has it by now.
    chosen : mapping of str to str
        Colours that a person chose, which nothing overrides.
    """
    result = dict(given)
    used = {chosen[key] for key in shown if key in chosen}
    rest = [key for key in shown if key not in chosen]
    new = []
    for key in rest:
        if key in result and result[key] not in used:
            used.add(result[key])
        else:
            new.append(key)
    for key in new:
        result[key] = next(colour for colour in _colours() if colour not in used)
        used.add(result[key])
    return result


def _colours() -> Iterator[str]:
    """Yield the palette, whose colours are told apart best, then further ones without end."""
    yield from PALETTE
    for number in count(1):
        rgb = colorsys.hsv_to_rgb((number * GOLDEN) % 1.0, 0.45 if number % 2 else 0.8, 1.0)
        yield "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
