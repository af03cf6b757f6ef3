"""Precision profiles of a pack's encoder: made from its graph, measured on radiographs, refused beyond a bound."""
