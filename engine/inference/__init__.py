"""From a radiograph to an analysis: preprocessing, providers, attribution, gate."""
