"""What a network peer may ask of this machine."""

from __future__ import annotations

MAX_PDU_BYTES = 1 << 20
"""Of one protocol data unit; we offer to take 64 KiB, and a peer that announces 4 GiB is cut off."""

OFFERED_PDU_BYTES = 1 << 16
MAX_OBJECT_BYTES = 512 << 20
"""Of one object on its way; a radiograph has 40 MiB at most."""

MAX_MATCHES = 10_000
MAX_JSON_BYTES = 32 << 20
MAX_PART_HEADER_BYTES = 16 << 10
MAX_OBJECTS = 10_000
"""Of one retrieval."""

MAX_RETRIEVED_BYTES = 64 << 30
