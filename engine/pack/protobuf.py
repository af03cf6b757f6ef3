"""A minimal reader and writer of the protobuf wire format: varint, 64-bit, length-delimited, 32-bit."""

from __future__ import annotations

from collections.abc import Iterator


class WireError(ValueError):
    """The bytes are not protobuf."""


def message(value: int | memoryview) -> memoryview:
    """Return the bytes of a field that has to hold some."""
    if isinstance(value, int):
        raise WireError("a message was expected")
    return value


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (field number, value) of one message: an int for varints and fixed widths, else the bytes."""
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        wire = key & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield key >> 3, value
            continue
        if wire == 2:
            size, position = _varint(data, position)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise WireError(f"wire type {wire}")
        if position + size > end:
            raise WireError("it ends too early")
        content = data[position : position + size]
        position += size
        yield key >> 3, content if wire == 2 else int.from_bytes(content, "little")


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    result = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise WireError("it ends too early")
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    raise WireError("a number is too long")


def field(number: int, value: int | bytes | memoryview) -> list[bytes | memoryview]:
    """Return the pieces of one field: a varint for a number, else length-delimited, its content uncopied."""
    if isinstance(value, int):
        return [varint(number << 3), varint(value)]
    return [varint(number << 3 | 2), varint(len(value)), value]


def varints(packed: memoryview) -> list[int]:
    """Return the numbers of a packed field."""
    found, position = [], 0
    while position < len(packed):
        value, position = _varint(packed, position)
        found.append(value)
    return found


def varint(value: int) -> bytes:
    """Return a number of no sign as the wire has it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
