"""The workstation's panels inside other people's viewers."""
