"""Training, labelling and evaluation of model packs (offline, torch)."""

import engine  # noqa: F401 - it switches the telemetry of onnxruntime off, whichever of these modules is asked for
