"""Which images hang where: the first rule whose panes all find an image of the same patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.dicom.patients import Relation, relation, taken
from engine.dicom.radiograph import Identity
from viewer.state.hanging_rules import PaneRule, Rule, Rules

Images = Mapping[str, Identity]


@dataclass(frozen=True)
class Choice:
    """What to hang.

    Attributes
    ----------
    keys : tuple of str
        An image for each pane, row by row.
    active : int
        The pane of the image that was shown, 0 where it is not among them.
    link : tuple of str
        What is linked then, see `Rule`.
    """

    rule: str
    layout: str
    keys: tuple[str, ...]
    active: int
    link: tuple[str, ...] = ()


def choose(rules: Rules, shown: str, images: Images, *, beside: bool = False) -> Choice | None:
    """Return what hangs by the first rule that fits; None when none does.

    Parameters
    ----------
    shown : str
        Key of the image shown: its study is the current one.
    images : mapping of str to Identity
        What is open and known, by key. Only images of the same patient hang together, see `engine.dicom.patients`.
    beside : bool
        Whether only rules count that hang a prior study beside the image shown.
    """
    who = images[shown]
    patient = {key: each for key, each in images.items() if relation(who, each) is Relation.SAME}
    current = {key: each for key, each in patient.items() if key == shown or _same_study(who, each)}
    for rule in rules.rule:
        if beside and all(pane.study == "current" for pane in rule.pane):
            continue
        keys = _hang(rule, shown, current, _prior_studies(who, patient))
        if keys is not None and (shown in keys or not beside):
            return Choice(rule.name, rule.layout, keys, keys.index(shown) if shown in keys else 0, rule.link)
    return None


def _same_study(a: Identity, b: Identity) -> bool:
    return bool(a.study_instance_uid) and a.study_instance_uid == b.study_instance_uid


def _prior_studies(who: Identity, patient: Images) -> list[Images]:
    """Earlier studies of the patient, newest first; what has no date is no prior."""
    earlier = [
        (key, each)
        for key, each in patient.items()
        if not _same_study(who, each) and taken(each)[0] and taken(who)[0] and taken(each) < taken(who)
    ]
    earlier.sort(key=lambda item: (taken(item[1]), item[1].study_instance_uid), reverse=True)
    return [dict(group) for _, group in groupby(earlier, key=lambda item: item[1].study_instance_uid)]


def _hang(rule: Rule, shown: str, current: Images, priors: Sequence[Images]) -> tuple[str, ...] | None:
    if not rule.min_images <= len(current) <= rule.max_images:
        return None
    wanted = any(pane.study == "prior" for pane in rule.pane)
    for prior in priors if wanted else [{}]:
        keys: list[str] = []
        for pane in rule.pane:
            key = _find(rule, pane, current if pane.study == "current" else prior, shown, keys)
            if key is None:
                break
            keys.append(key)
        else:
            return tuple(keys)
    return None


def _find(rule: Rule, pane: PaneRule, images: Images, shown: str, taken_keys: Sequence[str]) -> str | None:
    """Return the image for a pane: by the order of its views, then the one shown, then by number."""

    def rank(key: str) -> tuple[int, bool, int, str]:
        each = images[key]
        number = int(each.instance_number) if each.instance_number.isdecimal() else 0
        place = pane.views.index(each.view_position) if pane.views else 0
        return place, key != shown, number, key

    fitting = [
        key
        for key, each in images.items()
        if key not in taken_keys
        and (not pane.views or each.view_position in pane.views)
        and (not rule.modalities or each.modality in rule.modalities)
    ]
    return min(fitting, key=rank, default=None)
