"""Recognise statements of change and of comparison with another examination, which no single image can support."""

from __future__ import annotations

import re

# Words for another examination.
_EXAM = (
    r"(?:stud(?:y|ies)|exam(?:ination)?s?|(?:radio|tomo)gra(?:ph|m)s?|x-?rays?|x-_+|films?|images?|imaging|scans?|cta?s?|"
    r"mri|pet|reports?|comparisons?|dates?|visits?)"
)
_KIND = r"(?:(?:chest|portable|frontal|lateral|pa|ap|available|outside|same|day|plain|abdominal|cardiac|\w+-view|_+) )*"
_OTHER = r"(?:prior|previous|preceding|earlier|last|outside|old(?:er)?|remote)"
_SIDE = r"(?:left|right|contralateral|opposite|other)"
_PLACE = rf"(?:{_SIDE}|bases?|bibasilar|upper|lower|mid|apex|apices|lungs?|lingula|periphery|perihilar)"

# Phrases that look like a comparison and are none; they are taken out before the cues are looked for.
_HARMLESS = re.compile(
    r"(?i:"
    r"\b(?:hemodynamically|clinically|medically) stable\b|\bstable (?:vital signs|condition|patient|angina)\b|"
    r"\bpersistent left (?:superior|svc|subclavian)\b|\bprogressive massive fibrosis\b|\bnew-?\s?born\b|"
    r"\bhigh[- ]resolution\b|\bresolution of (?:the|this) (?:exam|study|image|detector)|"
    r"\b(?:short|\w+[- ](?:day|week|month|year))[- ]interval\b|\binterval follow|\bq-?t interval\b|"
    r"\bcontinued (?:clinical )?(?:concern|follow|suspicion)|\bsymptoms? (?:persists?|continues?|worsens?|resolves?|improves?)\b|"
    r"\b(?:until|to|for|document(?:ing)?|ensur(?:e|ing)|confirm(?:ing)?|evaluat(?:e|ing)) (?:complete |interval |"
    r"radiographic )*(?:resolution|clearing|stability|improvement)\b|"
    rf"\b(?:worse|worsened|increased|increasing|more \w+|greater) (?:on|at|in|within|along|toward|towards) "
    rf"(?:the )?{_PLACE}\b|"
    rf"\b(?:compared|comparison|similar|relative) (?:to|with) (?:that (?:on|of) )?(?:the )?{_SIDE}\b(?! {_EXAM}\b)|"
    rf"\b{_SIDE}(?:[- ]sided?)?,? (?:\w+ly )?(?:worse|greater|larger|smaller|more|less)(?: \w+)? than\b|"
    r"\bremains? to be\b|\bchanged? of (?:position|posture|breathing)\b"
    r")|\b[Nn]ew (?:York|England|Jersey|Mexico|Zealand|Orleans|Hampshire|Haven|Delhi)\b"
)

_MODIFIER = (
    r"(?:\w+ly|significant|substantial|appreciable|relevant|definite|gross|short|overall|major|obvious|great|much|"
    r"large|real|other|marked|radiographic|dramatic|further|clear|detectable|visible|evident|notable|convincing)"
)
_ADVERBS = r"(?:(?:\w+ly|not|now|also|since|been|somewhat|further|almost|both|all|again|in) )*"
_EVENTS = (
    r"(?:increased|decreased|progressed|resolved|enlarged|cleared|developed|grown|migrated|reaccumulated|diminished|"
    r"worsened|improved|changed|appeared|disappeared|moved|shifted|advanced|removed|lessened|regressed|re-?expanded|"
    r"recurred|subsided|placed|inserted|retracted|repositioned|withdrawn|pulled|exchanged|replaced|extubated|intubated|"
    r"taken|occurred|declined|risen)"
)
_FLUID = r"(?:effusions?|pneumothora\w+|edema|consolidations?|atelectasis|aeration|infiltrates?|congestion)"

_CUES = re.compile(
    r"(?i)\b(?:"
    # the same as before
    r"unchanged|unaltered|stable|stabil(?:ity|ized)|redemonstrat\w*|re-demonstrat\w*|again|"
    rf"(?:no|little|minimal|minor|mild|slight|some|without|any|not|interval|significant|{_MODIFIER}) "
    rf"(?:(?:{_MODIFIER}|interval|or) )*changes?(?! (?:of|related|consistent|compatible|suggest\w*|about|due|from (?!"
    rf"(?:the )?(?:{_OTHER}|_)))\b)|"
    rf"(?:not|has|have|is|are) {_ADVERBS}changed|changed (?:since|from|compared|in)|change (?:since|from|compared)|"
    r"persist(?:s|ed|ent|ently|ing|ence)?|remains?|remained|continues?|continued|continuing|still|"
    rf"similar(?: \w+){{0,2}} (?:to|as|compared|in (?:appearance|size|extent|position|configuration|distribution|degree))|"
    r"similar (?:appearance|position|configuration|distribution)|(?:is|are) constant|(?:much|about|essentially|is|are|appears?|looks?) the same|the same as|"
    # another state than before
    r"new|newly|interval|interim|now|no longer|"
    r"worse|worsen(?:ed|ing|s)?|improv(?:ed|ing|ement|es)|increasing(?:ly)?|decreasing|enlarging|growing|evolv\w+|"
    r"progress(?:ion|ing|ive|ively)|resol(?:ved|ving|ution)|clearing|reaccumulat\w+|recurrence|"
    rf"(?:has|have|had|having) {_ADVERBS}{_EVENTS}|"
    r"(?:increased?|decreased?|larger|smaller|better|less|more|greater|reduction|enlargement) (?:\w+ ){0,4}"
    r"(?:since|than (?:on|at|in|before|previous\w*|prior|seen|noted|the|was|it)|compared)|"
    r"(?:slightly|minimally|mildly|markedly|significantly|substantially|somewhat) (?:smaller|larger|bigger)|"
    r"(?:increased?|decreased?) in (?:size|extent|number|conspicuity|prominence|severity)|"
    r"(?:interval|slight|mild|moderate|marked|significant|minimal|further|substantial|apparent|some|an|any|the) "
    r"(?:increase|decrease|reduction) (?:in|of)|"
    rf"(?:slightly |mildly |markedly |moderately |minimally )?(?:increased|decreased) (?:\w+ ){{0,3}}{_FLUID}|"
    rf"(?:after|following|with|since|status post) (?:\w+ ){{0,2}}(?:removal|extubation|repositioning|withdrawal)|"
    # another examination
    rf"(?:since|from|than|to|with|on|in|the|as) (?:the |a |any |his |her |that of |most |recent )*{_OTHER}"
    r"(?=[.,;)]|$| (?:of|from|dated|on|_)\b)|"
    rf"{_OTHER} {_KIND}{_EXAM}(?!\w)|no {_KIND}comparisons?|without (?:prior )?comparisons?|"
    r"priors|previously|since (?:yesterday|the|at|_|\d|last|early|late|january|february|march|april|may|june|july|august|"
    r"september|october|november|december)|earlier (?:today|the same|this)|yesterday|last (?:week|month|year|night)|"
    r"(?:as|than|seen|noted|present|described|was|were) before|(?:at|from|to|of) (?:his |her |the |patient's )?baseline|"
    r"(?:as |when |in |for |with )?compar(?:ed|ison|ing|able) (?:to|with|made|stud\w+|exam\w*|radiograph\w*|film\w*|image\w*)|"
    r"(?:for|available|in) comparison|comparison is|"
    r"(?:stud(?:y|ies)|exam(?:ination)?|radiographs?|films?|ct|x-?rays?) (?:of|from|dated|performed on|obtained on|on) "
    r"(?:the )?(?:_|\d{1,2}[/-]|\d{4}|earlier|same|prior)|"
    r"(?:seen|noted|described|demonstrated|evaluated|characterized|visualized|shown|assessed|known|identified) "
    r"(?:\w+ )?(?:on|by|from) (?:\w+[- ]){0,4}(?:cta?|mri|pet|ultrasound|tomography)|"
    r"over the (?:past|last|course)|dating back"
    r")(?!\w)"
)


def without_harmless(sentence: str) -> str:
    """Return the sentence without phrases that only look like a comparison ("New York", "compared to the left side")."""
    return _HARMLESS.sub(" ", sentence)


def is_comparison(sentence: str) -> bool:
    """Whether a sentence speaks of change, or of another examination.

    Words of a fixed list decide; "prior" counts only of an examination ("prior granulomatous disease" is seen on the
    image itself), "increased" only of amounts that have no fixed norm ("increased effusion", not "increased markings").
    """
    return cue_of(sentence) != ""


def cue_of(sentence: str) -> str:
    """Return the first words that make a sentence a comparison; "" when it is none."""
    match = _CUES.search(without_harmless(sentence))
    return match.group() if match else ""
