"""The workstation in napari: a reader, heat maps as layers, features and draft as dock widgets."""
