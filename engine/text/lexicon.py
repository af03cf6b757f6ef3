"""The words of reports: loaded from ``resources/text/<language>.toml``, checked and compiled before use."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from engine.errors import DraftError
from engine.resources import resource_path

_VERSION_LENGTH = 12
TextSeverity = Literal["small", "moderate", "large"]
TextSide = Literal["left", "right", "bilateral"]


def _compiles(expression: str) -> str:
    try:
        re.compile(expression)
    except re.error as error:
        raise ValueError(f"{expression!r} is no regular expression: {error}") from error
    return expression


Expression = Annotated[str, AfterValidator(_compiles)]
Expressions = tuple[Expression, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObservationWords(_Strict):
    """The phrases that name one observation; of a harmless one a report may speak that is "No Finding" all the same."""

    name: str
    mentions: Expressions
    harmless: bool = False


class RegionWords(_Strict):
    """A part of the chest, and what may be said of it besides what is said of any."""

    name: str
    observation: str
    words: Expressions
    normal: Expressions = ()
    abnormal: Expressions = ()
    uncertain: Expressions = ()


class AnyRegion(_Strict):
    """What may be said of any region, what limits it to a part, and where it ends."""

    normal: Expressions
    abnormal: Expressions
    partly: Expressions
    excepting: Expressions
    until: Expressions


class Cues(_Strict):
    """Phrases of denial and doubt by the side on which the finding stands."""

    pseudo: Expressions
    doubt_first_before: Expressions
    doubt_first_after: Expressions
    absent_before: Expressions
    absent_after: Expressions
    absent_just_before: Expressions
    past: Expressions
    doubt_before: Expressions
    doubt_after: Expressions
    one_of: Expressions


class Scope(_Strict):
    """Words that end the reach of a cue, or that decide how far it goes along a list."""

    ends: Expressions
    begins: Expressions
    joins: Expressions
    verbs: Expressions


class Grammar(_Strict):
    """How findings, what is said of them and what denies them are joined in a sentence.

    Attributes
    ----------
    left_cut, right_cut : str
        Where the words before and after a finding stop being said of it.
    and_other, joint : str
        "and" before a new finding; any "and" between two findings.
    link, only_joined : str
        What between two findings lets them share a place; what alone may stand between two words for one.
    denial : str
        Between two findings it keeps them from sharing a place.
    just_before : str
        How far the shortest cue reaches.
    and_word, begins_after : str
        What joins a statement of its own.
    region_joined, region_denial, region_not, region_stop, region_partners
        What may stand between two regions of one statement; how a denial begins; what turns a normal word round; words
        between a descriptor and its region that part them; words that let a descriptor stand beside another region.
    pronoun : str
        How a sentence begins that speaks of the finding before.
    """

    left_cut: Expression
    right_cut: Expression
    and_other: Expression
    joint: Expression
    link: Expression
    only_joined: Expression
    denial: Expression
    just_before: Expression
    and_word: str
    begins_after: Expression
    region_joined: Expression
    region_denial: Expression
    region_not: Expression
    region_stop: Expression
    region_partners: tuple[str, ...]
    pronoun: Expression


class Rewriting(_Strict):
    """Words of rewritten sentences: those that say nothing, and those of comparisons, which say too much."""

    empty: Expressions
    change: Expressions


class Lexicon(_Strict):
    """One language's words.

    Attributes
    ----------
    version : str
        Begins the SHA-256 of the file: other words are another version.
    void : tuple of str
        Phrases that look like a finding and are none.
    locations, devices : dict
        Canonical name → words.
    within : dict
        Place → the larger place that holds it.
    """

    language: str
    version: str
    void: Expressions
    observation: tuple[ObservationWords, ...]
    region: tuple[RegionWords, ...]
    region_words: AnyRegion
    cues: Cues
    scope: Scope
    rewriting: Rewriting
    grammar: Grammar
    sides: dict[TextSide, Expressions]
    severities: dict[TextSeverity, Expressions]
    locations: dict[str, Expressions]
    within: dict[str, str]
    devices: dict[str, Expressions]

    @cached_property
    def mentions(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Observation and its expression; at last "" and that of phrases that are none."""
        named = [(entry.name, any_word(entry.mentions)) for entry in self.observation]
        return (*named, ("", any_word(self.void)))

    @cached_property
    def places(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Canonical place and its expression."""
        return tuple((name, any_word(words)) for name, words in self.locations.items())

    @cached_property
    def side_words(self) -> tuple[tuple[TextSide, re.Pattern[str]], ...]:
        """Side and its expression."""
        return tuple((side, any_word(words)) for side, words in self.sides.items())

    @cached_property
    def severity_words(self) -> tuple[tuple[TextSeverity, re.Pattern[str]], ...]:
        """Severity and its expression, the ones of several words first."""
        order: tuple[TextSeverity, ...] = ("moderate", "large", "small")
        return tuple((name, any_word(self.severities[name])) for name in order)

    @cached_property
    def device_words(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Name of a device and its expression."""
        return tuple((name, any_word(words)) for name, words in self.devices.items())

    @cached_property
    def understood(self) -> tuple[re.Pattern[str], ...]:
        """Expressions of all that is read as a finding, a detail of one, a denial or a doubt."""
        cues = [expressions for kind, expressions in self.cues if kind not in ("pseudo", "past")]
        regions = [(*region.words, *region.normal, *region.abnormal, *region.uncertain) for region in self.region]
        common = [self.region_words.normal]
        named = [pattern for name, pattern in self.mentions if name]
        attributes = [pattern for _, pattern in (*self.side_words, *self.severity_words, *self.places)]
        return (*named, *attributes, *(any_word(tuple(map(_literal, words))) for words in (*cues, *regions, *common)))

    def larger(self, place: str) -> str:
        """Return the place that holds a place, itself where none does."""
        return self.within.get(place, place)


# A word that an expression leaves open, such as that between "no" and "abnormality".
_OPEN_WORD = re.compile(r"\(\?:(?: \\w\+|\\w\+ )\)(?:\?|\*\??|\{\d,\d\}\??)")


def _literal(expression: str) -> str:
    """Return an expression without the words that it leaves open, for which nothing answers."""
    return _OPEN_WORD.sub("", expression)


@lru_cache(maxsize=512)
def any_word(expressions: tuple[str, ...]) -> re.Pattern[str]:
    """Compile an expression that matches any of several as whole words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(expressions)})(?!\w)")


@lru_cache(maxsize=4)
def load_lexicon(language: str = "en", folder: Path | None = None) -> Lexicon:
    """Return the words of a language.

    Raises
    ------
    DraftError
        ``LEXICON`` if there is no such file or it is not as it should be.
    """
    path = (folder or resource_path("text")) / f"{language}.toml"
    try:
        content = path.read_bytes()
        words = tomllib.loads(content.decode("utf-8"))
        return Lexicon.model_validate(words | {"version": hashlib.sha256(content).hexdigest()[:_VERSION_LENGTH]})
    except (OSError, ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DraftError(
            "LEXICON", f"the words of reports, {path.name}, cannot be used: {error}", "install the program again"
        ) from error
