"""One setting as data, and what its value may be."""

from __future__ import annotations

from dataclasses import dataclass

Value = bool | int | float | str


@dataclass(frozen=True)
class Setting:
    """One thing a person can choose.

    Attributes
    ----------
    id : str
        ``group/name``; the name in the settings' file, so it never changes.
    name : str
        What stands beside the control, in English.
    default : bool, int, float or str
        Says the type, too.
    prose : str
        What it does, in one or two sentences, in English.
    choices : tuple of (str, str)
        Values of a text setting and what a person reads for each; empty for the other types.
    low, high : float
        Range of a number.
    file : bool
        Whether a text is the path of a file; empty for none.
    folder : bool
        Whether a folder will do as well as a file.
    words : bool
        Whether a text is a person's own: one line, spaces around it are dropped.
    restart : bool
        Whether a change is seen from the next start on.
    """

    id: str
    name: str
    default: Value
    prose: str
    choices: tuple[tuple[str, str], ...] = ()
    low: float = 0.0
    high: float = 0.0
    file: bool = False
    folder: bool = False
    words: bool = False
    restart: bool = False

    def parse(self, text: str) -> Value:
        """Return the value that `text` stands for.

        Raises
        ------
        ValueError
            If it is of another type, out of range or none of the choices.
        """
        if isinstance(self.default, bool):
            if text not in ("true", "false"):
                raise ValueError(f"{text!r} is neither true nor false")
            return text == "true"
        if self.file:
            return text
        if self.words:
            return " ".join(text.split())
        if isinstance(self.default, str):
            if text not in (value for value, _ in self.choices):
                raise ValueError(f"{text!r} is none of {', '.join(value for value, _ in self.choices)}")
            return text
        number = type(self.default)(text)
        if not self.low <= number <= self.high:
            raise ValueError(f"{text} is not between {self.low:g} and {self.high:g}")
        return number

    def write(self, value: Value) -> str:
        """Return the text that `parse` reads."""
        return str(value).lower() if isinstance(value, bool) else str(value)
