"""A lookup table as DICOM stores it (PS3.3 C.11.1.1, C.11.2.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class LookupTable:
    """Entries for consecutive integer inputs.

    Attributes
    ----------
    table : ndarray of uint8 or uint16, shape (n,)
        Entry 0 belongs to the input ``first``; inputs outside take the nearest end (PS3.3 C.11.1.1.1).
    first : int
        First stored value mapped.
    name : str
        LUT Explanation, empty when absent.
    bits : int
        Bits of an entry: outputs run from 0 to ``2**bits - 1``. 0 means as many as the largest entry needs.
    """

    table: npt.NDArray[np.unsignedinteger]
    first: int
    name: str = ""
    bits: int = 0

    def __post_init__(self) -> None:
        if self.table.ndim != 1 or self.table.size == 0:
            raise ValueError("a lookup table has one dimension and at least one entry")

    @property
    def top(self) -> int:
        """Largest output the table can give.

        Files exist whose entries need more bits than their descriptor says; the entries are believed then.
        """
        needed = max(1, int(self.table.max()).bit_length())
        return int((1 << max(self.bits, needed)) - 1)

    def lookup(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the entry of each value, values rounded to the nearest integer input."""
        index = np.clip(np.rint(values) - self.first, 0, self.table.size - 1).astype(np.intp)
        entries: npt.NDArray[np.float64] = self.table[index].astype(np.float64)
        return entries
