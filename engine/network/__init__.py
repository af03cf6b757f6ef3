"""Talk to picture archives: DIMSE (C-ECHO, C-FIND, C-GET, C-MOVE, C-STORE) and DICOMweb, when the user asks for it."""
