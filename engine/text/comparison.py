"""Recognise statements of change and of comparison with another examination, which no single image can support.

Every list below holds regular expressions, one an idea; they match whole words, in any case of letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def any_of(patterns: Iterable[str]) -> str:
    """Return an expression that matches where one of several does."""
    return f"(?:{'|'.join(patterns)})"


_EXAM = any_of(
    (
        r"stud(?:y|ies)", r"exam(?:ination)?s?", r"(?:radio|tomo)gra(?:ph|m)s?", r"x-?rays?", r"x-_+", "films?",
        "images?", "imaging", "scans?", "cta?s?", "mri", "pet", "reports?", "comparisons?", "dates?", "visits?",
    )
)  # fmt: skip
_KIND = r"(?:(?:chest|portable|frontal|lateral|pa|ap|available|outside|same|day|plain|abdominal|cardiac|\w+-view|_+) )*"
_OTHER = any_of(("prior", "previous", "preceding", "earlier", "last", "outside", "old(?:er)?", "remote"))
_SIDE = any_of(("left", "right", "contralateral", "opposite", "other"))
_PLACE = any_of(
    (
        _SIDE,
        "bases?",
        "bibasilar",
        "upper",
        "lower",
        "mid",
        "apex",
        "apices",
        "lungs?",
        "lingula",
        "periphery",
        "perihilar",
    )
)
_DEGREE = any_of(
    (
        r"\w+ly", "significant", "substantial", "appreciable", "relevant", "definite", "gross", "short", "overall",
        "major", "obvious", "great", "much", "large", "real", "other", "marked", "radiographic", "dramatic",
        "further", "clear", "detectable", "visible", "evident", "notable", "convincing",
    )
)  # fmt: skip
_ADVERBS = r"(?:(?:\w+ly|not|now|also|since|been|somewhat|further|almost|both|all|again|in) )*"
_FLUID = any_of(
    (
        "effusions?", r"pneumothora\w+", "edema", "consolidations?", "atelectasis", "aeration", "infiltrates?",
        "congestion",
    )
)  # fmt: skip
_EVENT = any_of(
    (
        "increased", "decreased", "progressed", "resolved", "enlarged", "cleared", "developed", "grown", "migrated",
        "reaccumulated", "diminished", "worsened", "improved", "changed", "appeared", "disappeared", "moved", "shifted",
        "advanced", "removed", "lessened", "regressed", "re-?expanded", "recurred", "subsided", "placed", "inserted",
        "retracted", "repositioned", "withdrawn", "pulled", "exchanged", "replaced", "extubated", "intubated", "taken",
        "occurred", "declined", "risen",
    )
)  # fmt: skip

_HARMLESS = (
    "(?:hemodynamically|clinically|medically) stable",
    "stable (?:vital signs|condition|patient|angina)",
    "medically cleared",
    "(?:concerns?|suspicion|pain|fever|cough) (?:persists?|remains?|continues?)",
    "persistent left (?:superior|svc|subclavian)",
    "progressive massive fibrosis",
    r"new-?\s?born",
    "new (?:york|england|jersey|mexico|zealand|orleans|hampshire|haven|delhi)",
    "high[- ]resolution",
    "resolution of (?:the|this) (?:exam|study|image|detector)",
    r"(?:short|\w+[- ](?:day|week|month|year))[- ]interval",
    r"interval follow\w*",
    "q-?t interval",
    r"continued (?:clinical )?(?:concern|follow\w*|suspicion)",
    r"symptoms? (?:persists?|continues?|worsens?|resolves?|improves?)",
    r"(?:until|to|for|document(?:ing)?|ensur(?:e|ing)|confirm(?:ing)?|evaluat(?:e|ing)) (?:complete |interval |"
    r"radiographic )*(?:resolution|clearing|stability|improvement)",
    rf"(?:worse|worsened|increased|increasing|more \w+|greater) (?:on|at|in|within|along|towards?) (?:the )?{_PLACE}",
    rf"(?:compared|comparison|similar|relative) (?:to|with) (?:that (?:on|of) )?(?:the )?{_SIDE}(?! {_EXAM}\b)",
    rf"{_SIDE}(?:[- ]sided?)?,? (?:\w+ly )?(?:worse|greater|larger|smaller|more|less)(?: \w+)? than",
    "remains? to be",
)
"""Phrases that only look like a comparison; they are taken out before cues are looked for."""

_SAME_AS_BEFORE = (
    "unchanged",
    "unaltered",
    "stable",
    "stabil(?:ity|ized)",
    r"re-?demonstrat\w*",
    "again",
    "still",
    "persist(?:s|ed|ent|ently|ing|ence)?",
    "remain(?:s|ed)?",
    "continu(?:es?|ed|ing)",
    # "No significant interval change", but not "no acute changes of the bones".
    rf"(?:no|little|minimal|minor|mild|slight|some|without|any|not|interval|significant|{_DEGREE}) "
    rf"(?:(?:{_DEGREE}|interval|or) )*changes?(?! (?:of|related|consistent|compatible|suggest\w*|about|due|"
    rf"from (?!(?:the )?(?:{_OTHER}|_)))\b)",
    rf"(?:not|has|have|is|are) {_ADVERBS}changed",
    "changed? (?:since|from|compared)",
    "changed in",
    r"similar(?: \w+){0,2} (?:to|as|compared|in (?:appearance|size|extent|position|configuration|distribution|degree))",
    "similar (?:appearance|position|configuration|distribution)",
    r"(?:^|(?<=\d\. ))similar(?:-appearing)?",
    "(?:is|are) constant",
    "(?:much|about|essentially|is|are|appears?|looks?) the same",
    "the same as",
    "(?:as|than|seen|noted|present|described|was|were) before",
    "(?:at|from|to|of) (?:his |her |the |patient's )?baseline",
)
_OTHERWISE_BEFORE = (
    "new",
    "newly",
    "now",
    "no longer",
    "interval",
    "interim",
    "worse",
    "worsen(?:ed|ing|s)?",
    "improv(?:ed|ing|ement|es)",
    "increasing(?:ly)?",
    "decreasing",
    "enlarging",
    "growing",
    "clear(?:ed|ing)",
    r"evolv\w+",
    "progress(?:ion|ing|ive|ively)",
    "resol(?:ved|ving|ution)",
    r"reaccumulat\w+",
    "recurrence",
    rf"(?:has|have|had|having) {_ADVERBS}{_EVENT}",
    r"(?:increased?|decreased?|larger|smaller|better|less|more|greater|reduction|enlargement) (?:\w+ ){0,4}"
    r"(?:since|than (?:on|at|in|before|previous\w*|prior|seen|noted|the|was|it)|compared)",
    "(?:slightly|minimally|mildly|markedly|significantly|substantially|somewhat) (?:smaller|larger|bigger)",
    "(?:increased?|decreased?) in (?:size|extent|number|conspicuity|prominence|severity)",
    "(?:slight|mild|moderate|marked|significant|minimal|further|substantial|apparent|some|an|any|the) "
    "(?:increase|decrease|reduction) (?:in|of)",
    # Of these there is no amount that every chest has; "increased markings" and "decreased volumes" are seen at once.
    rf"(?:increased|decreased) (?:\w+ ){{0,3}}{_FLUID}",
    r"(?:after|following|with|since|status post) (?:\w+ ){0,2}(?:removal|extubation|repositioning|withdrawal)",
)
_ANOTHER_EXAMINATION = (
    # "from prior.", but not "prior granulomatous disease".
    rf"(?:since|from|than|to|with|on|in|the|as) (?:(?:the|a|any|his|her|that of|most|recent) )*{_OTHER}"
    r"(?=[.,;)]|$| (?:of|from|dated|on)\b)",
    rf"(?:since|from|than|on|to the|the) (?:most |recent )*{_OTHER} _+",
    rf"{_OTHER} {_KIND}{_EXAM}",
    rf"recent {_KIND}{_EXAM}",
    rf"no {_KIND}comparisons?",
    "without comparisons?",
    "priors",
    "previously",
    "since (?:yesterday|the|at|last|early|late|january|february|march|april|may|june|july|august|september|october|"
    r"november|december|_+|\d+)",
    "earlier (?:today|the same|this)",
    "yesterday",
    "last (?:week|month|year|night)",
    rf"(?:compared|comparison|comparing|comparable) (?:to|with|made|_+|{_EXAM})",
    "(?:for|available|in) comparison",
    "comparison is",
    "comparison:? _+",
    "currently",
    rf"{_EXAM} (?:of|from|dated|performed on|obtained on|on) (?:the )?(?:_+|\d{{1,2}}[/-]\d+\S*|\d{{4}}|earlier|same)",
    "(?:seen|noted|described|demonstrated|evaluated|characterized|visualized|shown|assessed|known|identified) "
    r"(?:\w+ )?(?:on|by|from) (?:\w+[- ]){0,4}(?:cta?|mri|pet|ultrasound|tomography)",
    "over the (?:past|last|course)",
    "dating back",
)

_HARMLESS_PHRASES = re.compile(rf"\b{any_of(_HARMLESS)}\b", re.IGNORECASE)
_CUES = re.compile(
    rf"(?<!\w){any_of((*_SAME_AS_BEFORE, *_OTHERWISE_BEFORE, *_ANOTHER_EXAMINATION))}(?!\w)", re.IGNORECASE
)


def is_comparison(sentence: str) -> bool:
    """Whether a sentence speaks of change, or of another examination.

    Words of fixed lists decide; "prior" counts only of an examination ("prior granulomatous disease" is seen on the
    image itself), "increased" only of what a
    healthy chest has none of ("increased effusion", not "increased markings").
    """
    return cue_of(sentence) != ""


def cue_of(sentence: str) -> str:
    """Return the first words that make a sentence a comparison; "" when it is none."""
    match = _CUES.search(_HARMLESS_PHRASES.sub(" ", sentence))
    return match.group() if match else ""
