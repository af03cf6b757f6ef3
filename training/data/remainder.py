"""What of a comparison a single image can support: the sentence without the words that compare.

"There is a small effusion, unchanged from the prior study." says that there is a small effusion now; "Heart size is
stable." says nothing of one image. Only words are cut that leave the statement about the present as it was; a doubtful
sentence has no remainder. Sentences are never rewritten but for "remains" → "is" and the article before a cut.
"""

from __future__ import annotations

import re

from engine.text.comparison import any_of, is_comparison

_ADVERB = r"(?!\w*megaly\b)\w+ly"
_ADVERBS = rf"(?:(?:{_ADVERB}|not|also|otherwise|likewise) )*"
_SAME = any_of(
    (
        "unchanged",
        "unaltered",
        "stable(?:[- ]appearing)?",
        "similar(?: in appearance)?",
        "persistent",
        "continued",
        "re-?demonstrated",
    )
)
_AS_BEFORE = any_of(
    (
        # "stable from the prior study", but not "stable contours", which names another thing.
        r"(?:unchanged|unaltered|stable|similar)"
        r"(?=$| (?:from|to|compared|since|as|when|in|relative|over|with|for|at)\b)",
        "(?:as |when )?compared", "in comparison", "as before", "as seen", "as on", "since",
        "(?:without|no) (?:significant )?(?:interval )?change", "not significantly changed",
    )
)  # fmt: skip
_MOVED = r"(?:new|increas\w+|decreas\w+|improv\w+|worse\w*|progress\w+|larger|smaller)"

_NUMBER = re.compile(r"^\d{1,2}[.)]\s+")
_PARENTHESIS = re.compile(r" ?\(([^()]*)\)")
# "In comparison with the study of ___, ___, "
_LEAD = re.compile(
    r"^(?:in comparison (?:to|with)|(?:as |when )?compared (?:to|with))\b[^,;]*(?:, ?[_\d][^,;]*)*, +", re.IGNORECASE
)
# ", which is unchanged from the prior study", ", increased since ___"
_TAIL = re.compile(
    rf"(?:[,;]|,? (?:and|but)| -| –)? (?:(?:which|that) (?:is|are|appears?) )?{_ADVERBS}{_AS_BEFORE}\b[^,;]*$|"
    rf"[,;] (?:slightly |mildly |minimally |markedly )?{_MOVED}\b[^,;]*$",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"\b(?:once )?again,? |,? (?:once )?again\b", re.IGNORECASE)
# "Again seen is a hernia", "Redemonstrated are effusions"
_AGAIN_SEEN = re.compile(
    r"^(?:(?:once )?again,? (?:seen|noted|demonstrated|identified|visualized)|re-?demonstrated),? "
    r"(?:(?P<verb>is|are) )?",
    re.IGNORECASE,
)
_REMAINS = re.compile(r"\b(remains?)(?= \w)(?! (?:to|which|that|and)\b)", re.IGNORECASE)
# "Stable cardiomegaly", "There is a persistent effusion"; not "stable or smaller", "stable with"
_ADJECTIVE = re.compile(
    rf"\b(?:redemonstration of (?:the )?|(?:(?:{_ADVERB}|overall) )*(?:{_SAME} )+)"
    r"(?!(?:or|and|but|to|versus|with|in|from|since|when|as|at|on)\b)(?=\w)",
    re.IGNORECASE,
)
_ITEM_END = re.compile(r"[,;]| (?:and|with|without|but)\b|$", re.IGNORECASE)
_ITEM_START = re.compile(r"(?:,|;|,? (?:and|with|but)) $", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(an?) $", re.IGNORECASE)
_DENIAL = re.compile(r"\b(?:no|not|without|neither|nor|never)\b", re.IGNORECASE)

# Words of change that a sentence without its comparison must not contain: beside no other image they say nothing.
_CHANGE = re.compile(
    r"\b(?:more|less|larger|smaller|better|greater|further|increas\w+|decreas\w+|enlargement|remov\w+|placed|"
    r"replaced|withdrawn|advanced|resolved|cleared|disappeared|developed|changed?|differ\w*)\b|"
    r"\b(?:is|are|appears?) (?:\w+ )?(?:lower|higher)\b",
    re.IGNORECASE,
)
# What was before the comma is gone: ", now resolved".
_GONE = re.compile(
    r"\b(?:resol\w+|clear\w*|remov\w+|no longer|disappear\w*|not (?:seen|present|visible|visualized))\b", re.IGNORECASE
)
_DANGLING = re.compile(
    r"\b(?:is|are|was|were|be|been|being|appears?|looks?|has|have|not|and|or|with|without|of|in|the|an?|to|from|at|on|"
    r"but|seen as|shows?|demonstrates?|reveals?|likewise|overall|otherwise|also|"
    r"size|position|appearance|which|that|as|(?:is|are) _+)$",
    re.IGNORECASE,
)
# A finding, or a verb: without one of them the rest states nothing ("Cardiomediastinal silhouette.").
_FINDING = re.compile(
    any_of(
        (
            r"\b(?:cardiomegaly|effusions?|atelecta\w+|opacit\w+|opacification|edema|consolidations?|scar\w*)\b",
            r"\b(?:nodules?|nodular\w*|masse?s?|granuloma\w*|thickening|emphysema\w*|fractures?|pneumothora\w+)\b",
            r"\b(?:sternotomy|clips|pacemaker|catheters?|tubes?|kypho\w*|\w*scolio\w*|calcifi\w+|hernia\w*|pneumonia)\b",
            r"\b(?:elevat\w+|enlarge\w+|tortuo\w+|ectasia|atheroscle\w+|hyperinflat\w+|hyperexpan\w+|spondyl\w+)\b",
            r"\b(?:fibro\w+|bronchiect\w+|lymphadenopathy|densit\w+|infiltrates?|blunting|congestion|crowding)\b",
            r"\b(?:deformit\w+|osteophyt\w+|degenerative|wedg\w+|widening|\w*listhesis|airspace|interstitial)\b",
            r"\b(?:normal|unremarkable|clear|aneurysm\w*|prominen\w+|low lung volumes)\b",
        )
    ),
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|there|seen|noted|present|shows?|demonstrates?|lies?|terminates?|projects?|overlies|no)\b",
    re.IGNORECASE,
)
_EMPTY_HEAD = re.compile(
    r"^(?:there (?:is|are) )?(?:an? |the )?(?:appearance|position\w*|size|heart size|degree|extent|configuration|"
    r"course|exam\w*|stud\w+|findings?|chest|tip|contours?|location|alignment)\b"
    r"(?!.*\b(?:is|are|lies?|terminates?|projects?|overlies|shows?|demonstrates?|within|normal|enlarged)\b)|"
    r"^(?:normal|unremarkable|clear|no)$",
    re.IGNORECASE,
)


def supportable_remainder(sentence: str) -> str:
    """Return the part of a comparison that one image can support, as a sentence; "" when there is none.

    Parameters
    ----------
    sentence : str
        A sentence for which `is_comparison` is true.
    """
    body = _NUMBER.sub("", sentence)
    stop = "." if body.endswith(".") else ""
    text = body.rstrip(". ")
    text = _PARENTHESIS.sub(lambda m: "" if is_comparison(m[1]) else m[0], text)
    text = _cut_lead(text)
    text = _cut_tail(text)
    text = _AGAIN_SEEN.sub(lambda m: f"There {m['verb']} " if m["verb"] else "", text)
    text = _AGAIN.sub(" ", text)
    text = _REMAINS.sub(lambda m: "is" if m[1].lower() == "remains" else "are", text)
    text = _cut_adjectives(" ".join(text.split()))
    if text == body.rstrip(". ") or not _stands_alone(text):
        return ""
    return text[0].upper() + text[1:] + stop


def _stands_alone(text: str) -> bool:
    return bool(
        (_FINDING.search(text) or _VERB.search(text))
        and not is_comparison(text)
        and not _DANGLING.search(text)
        and not _EMPTY_HEAD.search(text)
    )


def _cut_lead(text: str) -> str:
    """Cut "In comparison with the study of ___," when what follows speaks of the present only."""
    rest = _LEAD.sub("", text)
    return text if rest != text and _CHANGE.search(rest) else rest


def _cut_tail(text: str) -> str:
    """Cut ", unchanged from the prior study" or ", increased since ___", but not ", now resolved"."""
    match = _TAIL.search(text)
    if match is None or _GONE.search(match.group()):
        return text
    head = text[: match.start()].rstrip(" ,;-–")
    return text if _CHANGE.search(head) or _DANGLING.search(head) else head


def _cut_adjectives(text: str) -> str:
    """Cut "stable" of "Stable cardiomegaly", and the whole of ", stable contours" where it stands last.

    Nothing is cut behind a denial: "no persistent effusion" is not "no effusion".
    """
    while match := _ADJECTIVE.search(text):
        before, after = text[: match.start()], text[match.end() :]
        end = _ITEM_END.search(after)
        item = after[: end.start()] if end else after
        start = _ITEM_START.search(before)
        if _DENIAL.search(before):
            break
        if _FINDING.search(item) and not _EMPTY_HEAD.search(item):
            text = _ARTICLE.sub("an " if after[0].lower() in "aeiou" else "a ", before) + after
        elif start and not _FINDING.search(after) and not set(",;") & set(after):
            text = before[: start.start()]
        else:
            break
    return text
