"""Measurements on a radiograph: what was drawn, what it measures, and what its numbers mean."""
