"""Safe reading of DICOM and research images, grayscale pipeline, spacing."""
