"""How well heat maps point: every method and two baselines on drawn masks, real boxes and lung masks."""
