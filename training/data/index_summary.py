"""What an index holds, counted while its rows pass by, as a table for people or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from training.data.listing import Listing, Problems
from training.data.manifest import IndexRow
from training.data.splits import SPLITS

_SECTIONS = ("findings", "impression", "indication", "comparison")
_SHOWN_PROBLEMS = 20


class Summary:
    """Counts images, patients, studies and reports."""

    def __init__(self) -> None:
        self._images = dict.fromkeys(SPLITS, 0)
        self._patients: dict[str, set[str]] = {split: set() for split in SPLITS}
        self._studies: dict[str, set[str]] = {split: set() for split in SPLITS}
        self._reports = dict.fromkeys(("reports", *_SECTIONS), 0)
        self._separated = self._touched = self._marks = 0

    def watch(self, rows: Iterable[IndexRow]) -> Iterator[IndexRow]:
        """Pass rows on and count them; a report is counted once, with the first image of its study."""
        for row in rows:
            self._images[row.split] += 1
            self._patients[row.split].add(row.patient_id)
            studies = self._studies[row.split]
            if row.study_id not in studies:
                studies.add(row.study_id)
                self._count_report(row)
            yield row

    def _count_report(self, row: IndexRow) -> None:
        texts = {name: getattr(row, name) for name in _SECTIONS}
        # A section all of whose sentences were set apart was there too.
        for item in row.unsupported:
            name = item.partition(":")[0]
            texts[name] = texts[name] or item
        self._reports["reports"] += any(texts.values())
        for name, text in texts.items():
            self._reports[name] += bool(text)
        self._separated += len(row.unsupported)
        self._touched += bool(row.unsupported)
        self._marks += row.marks

    def as_json(self, listing: Listing, problems: Problems) -> dict[str, object]:
        """Return everything as values for JSON."""
        splits = {
            split: {
                "images": self._images[split],
                "patients": len(self._patients[split]),
                "studies": len(self._studies[split]),
            }
            for split in SPLITS
        }
        return {
            "source": listing.source,
            "split_rule": listing.split_rule,
            "notes": list(listing.notes),
            "splits": splits,
            "reports": dict(self._reports),
            "separated_sentences": self._separated,
            "reports_with_separated_sentences": self._touched,
            "marks": self._marks,
            "problems": problems.counts(),
            "left_out": [
                {"subject": problem.subject, "code": problem.code} for problem in problems.serious[:_SHOWN_PROBLEMS]
            ],
            "complete": not problems.serious,
        }

    def as_text(self, listing: Listing, problems: Problems) -> str:
        """Return the table that the command prints."""
        notes = "; ".join((f"split: {listing.split_rule}", *listing.notes))
        lines = [f"{listing.source} ({notes})", "", f"{'':<12}{'images':>10}{'patients':>10}{'studies':>10}"]
        for split in SPLITS:
            counts = (self._images[split], len(self._patients[split]), len(self._studies[split]))
            lines.append(f"{split:<12}" + "".join(f"{count:>10}" for count in counts))
        total = self._reports["reports"]
        if total:
            lines += ["", f"{'reports':<12}{total:>10}"]
            lines += [f"  {name:<10}{self._reports[name]:>10}" for name in _SECTIONS]
            lines.append(f"{self._separated} sentences of {self._touched} reports set apart; {self._marks} marks")
        if problems.found:
            lines += ["", "problems and remarks"]
            counts_by_code = list(problems.counts().items())
            lines += [f"  {code:<22}{count:>8}" for code, count in counts_by_code[:_SHOWN_PROBLEMS]]
        if problems.serious:
            lines += ["", "left out, or in two splits"]
            lines += [f"  {problem.code:<22}{problem.subject}" for problem in problems.serious[:_SHOWN_PROBLEMS]]
            more = len(problems.serious) - _SHOWN_PROBLEMS
            lines += [f"  and {more} more"] if more > 0 else []
        return "\n".join(lines)
