"""Reads, analyses, reports and exports chest radiographs; no screen, no torch."""
