"""The workstation's window: opens radiographs, shows features on the image and the draft beside it (PySide6)."""
