"""Activations of an encoder as a stream of training batches."""
