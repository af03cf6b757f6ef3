"""Writers of results: text, JSON, PDF, DICOM."""
