"""Panels of other people in the window."""
