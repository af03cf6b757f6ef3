"""Drawn chest radiographs with known findings: the truth against which features, maps and drafts are measured."""
