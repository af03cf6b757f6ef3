"""Reads, analyses, reports and exports chest radiographs; no screen, no torch.

Importing it keeps the program off the network: it tells onnxruntime, which looks up its maker's server and leaves a
device id in the cache folder otherwise, to send nothing. The runtime reads that from the environment when it is
imported, so this stands before everything else; child processes inherit it.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
