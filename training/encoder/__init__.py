"""Demo encoder and ONNX export."""
