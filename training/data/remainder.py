"""What of a comparison a single image can support: the sentence without the words that compare.

"There is a small effusion, unchanged from the prior study." says that there is a small effusion now; "Heart size is
stable." says nothing of one image. Only words are cut that leave the statement about the present as it was; a doubtful
sentence has no remainder. Sentences are never rewritten but for "remains" → "is" and the article before a cut.
"""

from __future__ import annotations

import re

from training.data.comparison import is_comparison

_ADVERBS = r"(?:(?:\w+ly|not|also|otherwise) )*"
_SAME = r"(?:unchanged|unaltered|stable|similar(?: in appearance)?|persistent|continued|redemonstrated|re-demonstrated)"
_AS_BEFORE = (
    rf"(?:(?:which|that) (?:is|are|appears?) )?{_ADVERBS}(?:unchanged|unaltered|stable|similar|(?:as |when )?compared|"
    r"in comparison|as before|as seen|as on|since|without (?:significant )?(?:interval )?change|"
    r"no (?:significant )?(?:interval )?change|not significantly changed)"
)
_MOVED = r"(?:slightly |mildly |minimally |markedly )?(?:new|increas\w+|decreas\w+|improv\w+|worse\w*|progress\w+|larger|smaller)"

_AGAIN = re.compile(r"(?i)(?:\b(?:once )?again,? )|(?:,? (?:once )?again\b)")
_AGAIN_SEEN = re.compile(
    r"(?i)^(?:once )?(?:again (?:seen|noted|demonstrated|identified|visualized)|re-?demonstrated),? "
    r"(?:(?P<verb>is|are) )?"
)
_REMAINS = re.compile(r"(?i)\b(remains?)\b(?! to\b)")
_LEAD = re.compile(
    r"(?i)^(?:in comparison (?:to|with)|(?:as |when )?compared (?:to|with))\b[^,;]*(?:, ?[_\d][^,;]*)*, +"
)
_PARENTHESIS = re.compile(r" ?\(([^()]*)\)")
_TAIL = re.compile(rf"(?i)(?:[,;]|,? (?:and|but)| -| –)? (?:{_AS_BEFORE})\b[^,;]*$|[,;] {_MOVED}\b[^,;]*$")
_ADJECTIVE = re.compile(
    rf"(?i)^(?P<lead>(?:there (?:is|are) )?(?:(?P<article>an?) )?)(?:redemonstration of |(?:{_ADVERBS}{_SAME} )+)(?!(?:or|and|but|to|versus|with|in|from|since)\b)(?=\w)"
)

# Words that a sentence without its comparison must not contain: of change they speak only beside another image.
_CHANGE = re.compile(
    r"(?i)\b(?:more|less|larger|smaller|better|greater|further|increas\w+|decreas\w+|enlargement|remov\w+|placed|"
    r"replaced|withdrawn|advanced|resolved|cleared|disappeared|developed|changed?|differ\w*)\b|"
    r"\b(?:is|are|appears?) (?:\w+ )?(?:lower|higher)\b"
)
_GONE = re.compile(
    r"(?i)\b(?:resol\w+|clear\w*|remov\w+|no longer|disappear\w*|not (?:seen|present|visible|visualized))\b"
)
_DANGLING = re.compile(
    r"(?i)(?:^|\b)(?:is|are|was|were|be|been|being|appears?|looks?|has|have|not|and|or|with|without|of|in|the|an?|to|from|"
    r"at|on|but|seen as|size|position|appearance|which|that|as|(?:is|are) _+)$"
)
_STATES = re.compile(
    r"(?i)\b(?:is|are|there|seen|noted|present|shows?|demonstrates?|lies?|terminates?|projects?|overlies|no|"
    r"cardiomegaly|effusions?|atelecta\w+|opacit\w+|opacification|edema|consolidations?|scar\w*|nodules?|masse?s?|granuloma\w*|"
    r"thickening|emphysema\w*|fractures?|pneumothora\w+|sternotomy|clips|pacemaker|catheters?|tubes?|kypho\w*|"
    r"scolio\w*|dextroscoliosis|calcifi\w+|hernia\w*|elevation|elevated|enlarge\w+|tortuo\w+|ectasia|atheroscle\w+|"
    r"hyperinflat\w+|hyperexpan\w+|spondyl\w+|fibro\w+|bronchiect\w+|lymphadenopathy|densit\w+|infiltrates?|blunting|"
    r"congestion|crowding|pneumonia|deformit\w+|osteophyt\w+|degenerative|wedg\w+|widening|\w*listhesis|airspace disease|interstitial)\b"
)
_EMPTY_HEADS = re.compile(
    r"(?i)^(?:there (?:is|are) )?(?:an? |the )?(?:appearance|position\w*|size|heart size|degree|extent|configuration|course|"
    r"exam\w*|stud\w+|findings?|chest|tip|contours?|location|alignment)\b"
)
_NUMBER = re.compile(r"^\d{1,2}[.)]\s+")


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
    text = _cut_adjective(" ".join(text.split()))
    if text == body.rstrip(". ") or not _stands_alone(text):
        return ""
    return text[0].upper() + text[1:] + stop


def _stands_alone(text: str) -> bool:
    return bool(
        _STATES.search(text)
        and not is_comparison(text)
        and not _DANGLING.search(text)
        and not _EMPTY_HEADS.search(text)
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


def _cut_adjective(text: str) -> str:
    """Cut "stable" of "Stable cardiomegaly" and of "There is a stable effusion"."""
    match = _ADJECTIVE.match(text)
    if match is None:
        return text
    lead, rest = match["lead"], text[match.end() :]
    if match["article"]:
        lead = lead[: -len(match["article"]) - 1] + ("an " if rest[0].lower() in "aeiou" else "a ")
    return lead + rest
