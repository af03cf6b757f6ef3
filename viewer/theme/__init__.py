"""Colours and fonts."""
