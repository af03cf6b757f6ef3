"""The workstation program (PySide6)."""
