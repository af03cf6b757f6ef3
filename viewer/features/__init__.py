"""The panel of active features and of observation probabilities."""
