"""De-identified copies of DICOM objects: the Basic Application Confidentiality Profile of PS3.15 annex E."""
