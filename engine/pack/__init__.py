"""The model pack: manifest, features, verification, library."""
