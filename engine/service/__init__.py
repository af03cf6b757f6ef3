"""Unattended work: receive radiographs, analyse them, send the results to an archive, and survive being killed."""
