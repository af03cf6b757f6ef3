"""Colours, sizes and fonts; dark by default, as reading rooms are."""
