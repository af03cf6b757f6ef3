"""Findings and the draft report."""
