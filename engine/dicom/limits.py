"""What a file may ask of this machine: checked before memory is taken for it."""

from __future__ import annotations

from engine.errors import ReadError

MAX_FILE_BYTES = 1 << 30
MAX_INFLATED_BYTES = 1 << 30
MAX_PIXELS = 150_000_000
MIN_SIDE = 2


def check_file_size(size: int) -> None:
    """Refuse empty files (``FILE_EMPTY``) and files over 1 GiB (``FILE_TOO_LARGE``)."""
    if size == 0:
        raise ReadError("FILE_EMPTY", "the file is empty", "export or copy it again from where it came")
    if size > MAX_FILE_BYTES:
        raise ReadError(
            "FILE_TOO_LARGE",
            f"the file has {size / 2**20:,.0f} MiB, more than the {MAX_FILE_BYTES >> 20} MiB that are read",
            "a radiograph is far smaller; check that this is the right file",
        )


def check_image_size(rows: int, columns: int) -> None:
    """Refuse images without area (``IMAGE_SIZE``) and those over 150 million pixels (``IMAGE_TOO_LARGE``)."""
    if rows < MIN_SIDE or columns < MIN_SIDE:
        raise ReadError(
            "IMAGE_SIZE",
            f"the file says that its image has {rows} rows and {columns} columns",
            "the header is damaged; export the image again",
        )
    if rows * columns > MAX_PIXELS:
        raise ReadError(
            "IMAGE_TOO_LARGE",
            f"the file says that its image has {rows} x {columns} pixels, more than the {MAX_PIXELS:,} that are read",
            "no radiograph is so large; the header is damaged or the file is not to be trusted",
        )
