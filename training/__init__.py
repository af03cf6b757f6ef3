"""Training, labelling and evaluation of model packs (offline, torch)."""
