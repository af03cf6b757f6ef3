"""What a rewritten sentence says once more than its original: an observation, a denial, a doubt.

Two denials or two doubts of one finding are read like one, and two statements of one observation that differ may be
read as one of them; a rewriting that adds either is told by counting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from engine.text.extract import extract_findings
from engine.text.lexicon import Lexicon, any_word
from engine.text.spans import Span, find_mentions

_DOUBTS = ("doubt_first_before", "doubt_first_after", "doubt_before", "doubt_after", "one_of")
_DENIALS = ("absent_before", "absent_after", "absent_just_before")


def named_more_often(original: str, rewritten: str, lexicon: Lexicon) -> Iterator[str]:
    """Yield the words of observations, or of their regions, that are named more often than in the original, and twice.

    Both texts are in lower case.
    """
    before = Counter(name for name, _ in _names(original, lexicon))
    so_far = Counter[str]()
    for name, span in _names(rewritten, lexicon):
        so_far[name] += 1
        if so_far[name] > max(before[name], 1):
            yield span.of(rewritten)


def cues_more_often(original: str, rewritten: str, lexicon: Lexicon) -> Iterator[str]:
    """Yield the words of denials and doubts beyond those of the original; what is denied may be denied in other words.

    Both texts are in lower case.
    """
    yield from [span.of(rewritten) for span in _cues(rewritten, _doubts(lexicon), lexicon)][
        len(_cues(original, _doubts(lexicon), lexicon)) :
    ]
    denials = _denials(lexicon)
    allowed = len(_cues(original, denials, lexicon))
    if not allowed and any(finding.polarity == "absent" for finding in extract_findings(original, lexicon)):
        allowed = 1
    yield from [span.of(rewritten) for span in _cues(rewritten, denials, lexicon)][allowed:]


def _names(text: str, lexicon: Lexicon) -> list[tuple[str, Span]]:
    mentions = find_mentions(text, lexicon)
    found = [(mention.observation, mention.span) for mention in mentions if mention.observation]
    regions = [
        (region.observation, Span(*match.span()))
        for region in lexicon.region
        for match in any_word(region.words).finditer(text)
    ]
    return [*found, *_apart(regions, [mention.span for mention in mentions])]


def _apart(found: Iterable[tuple[str, Span]], taken: list[Span]) -> Iterator[tuple[str, Span]]:
    """Yield what overlaps nothing that is taken, the longest first."""
    for name, span in sorted(found, key=lambda item: item[1].start - item[1].end):
        if all(span.end <= other.start or span.start >= other.end for other in taken):
            taken.append(span)
            yield name, span


def _cues(text: str, expressions: tuple[str, ...], lexicon: Lexicon) -> list[Span]:
    found = [("", Span(*match.span())) for match in any_word(expressions).finditer(text)]
    mentions = [mention.span for mention in find_mentions(text, lexicon) if mention.observation]
    return sorted((span for _, span in _apart(found, mentions)), key=lambda span: span.start)


def _doubts(lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(cue for kind in _DOUBTS for cue in getattr(lexicon.cues, kind))


def _denials(lexicon: Lexicon) -> tuple[str, ...]:
    cues = (cue for kind in _DENIALS for cue in getattr(lexicon.cues, kind))
    regions = (word for region in lexicon.region for word in region.normal)
    return (*cues, *regions, *lexicon.region_words.normal)
