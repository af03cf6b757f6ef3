"""A draft while it is rewritten: what is asked, what was taken, what was refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.errors import SaeRadError, WorkerError
from engine.language.facts import Answer
from engine.report.draft import Draft, ReportSection, Sentence
from engine.report.rewrite_answer import parse_answer, portions
from engine.report.rewrite_check import objection
from engine.report.rewriting import Rejection, Rewriting, RewritingModel
from engine.text.lexicon import Lexicon


class RewriteWork:
    """The sentences of one draft that a model may rewrite: the rules wrote them and no person touched them.

    Parameters
    ----------
    draft : Draft
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._waiting = {s.key: s for s in draft.sentences() if s.origin == "composed" and s.state == "unconfirmed"}
        self._asked = len(self._waiting)
        self._texts = {sentence.key: sentence.text for sentence in draft.sentences()}
        self._taken: dict[str, str] = {}
        self._rejected: list[Rejection] = []
        self._failure: SaeRadError | None = None

    def questions(self) -> Iterator[tuple[ReportSection, list[Sentence]]]:
        """Yield section and sentences of every question."""
        for section in self._draft.sections:
            for asked in portions([sentence for sentence in section.sentences if sentence.key in self._waiting]):
                yield section, asked

    def take(self, asked: Sequence[Sentence], answer: Answer, lexicon: Lexicon) -> None:
        """Judge an answer sentence by sentence: the first for each number counts, any other was invented."""
        try:
            written = parse_answer(answer)
        except WorkerError as error:
            self._leave([sentence.key for sentence in asked], error)
            return
        waiting = dict(enumerate(asked, start=1))
        for proposed in written.sentences:
            sentence = waiting.pop(proposed.sentence, None)
            if sentence is None:
                why = f"there is no sentence {proposed.sentence} left to rewrite"
                self._rejected.append(Rejection("", proposed.text, "INVENTED", why))
                continue
            del self._waiting[sentence.key]
            self._judge(sentence, proposed.text.strip(), proposed.features, lexicon)
        for sentence in waiting.values():
            del self._waiting[sentence.key]
            self._rejected.append(Rejection(sentence.key, "", "MISSING", "the answer leaves it out"))

    def give_up(self, error: SaeRadError) -> None:
        """Leave what is not judged yet as the rules made it."""
        self._leave(list(self._waiting), error)

    def result(self, model: RewritingModel) -> Draft:
        """Return the draft with the sentences that were taken."""
        rewriting = Rewriting(
            model=model,
            asked=self._asked,
            taken=len(self._taken),
            rejected=tuple(self._rejected),
            warning=self._failure.code if self._failure else "",
            message=self._failure.message if self._failure else "",
        )
        sections = tuple(
            replace(section, sentences=tuple(map(self._rewritten, section.sentences)))
            for section in self._draft.sections
        )
        return replace(self._draft, sections=sections, rewriting=rewriting)

    def _leave(self, keys: Sequence[str], error: SaeRadError) -> None:
        self._failure = error
        for key in keys:
            del self._waiting[key]
            self._rejected.append(Rejection(key, "", "NO_ANSWER", error.code))

    def _judge(self, sentence: Sentence, proposed: str, features: Sequence[int], lexicon: Lexicon) -> None:
        if proposed == sentence.text and set(features) == set(sentence.evidence):
            return
        others = [text for key, text in self._texts.items() if key != sentence.key]
        fault = objection(sentence, proposed, features, others, lexicon)
        if fault is not None:
            self._rejected.append(fault)
            return
        self._taken[sentence.key] = self._texts[sentence.key] = proposed

    def _rewritten(self, sentence: Sentence) -> Sentence:
        text = self._taken.get(sentence.key)
        if text is None:
            return sentence
        return replace(sentence, text=text, ai_text=text, rule_text=sentence.text, origin="rewritten")
