"""What the Slicer module does that needs no Slicer: the command line of ``saerad``, its results, their geometry.

Runs in the Python of Slicer 5 (3.9 and newer) with its numpy and pydicom, and imports nothing of this program.
"""
