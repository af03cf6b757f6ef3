"""Measures of reports against reference reports: labels, findings, entailment, n-grams."""
