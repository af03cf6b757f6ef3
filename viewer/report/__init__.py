"""Draft editor and export dialog."""
