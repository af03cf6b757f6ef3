"""Data sets and phantoms."""
