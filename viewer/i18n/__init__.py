"""Every text a person reads passes through ``tr``; its German words stand in resources/viewer/de.

The English text is the key, so code reads as the window does. tests/viewer/test_i18n.py says which line is missing from
which file.
"""

from viewer.marking import decimal, mark, tr

__all__ = ["decimal", "mark", "tr"]
