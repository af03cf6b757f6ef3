"""The file of words: what is in it can be used, and a broken one is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from engine.errors import DraftError
from engine.pack.manifest import OBSERVATIONS
from engine.report.wording import languages
from engine.resources import resource_path
from engine.text.lexicon import load_lexicon


@pytest.mark.parametrize("language", languages())
def test_every_observation_has_words_and_each_place_is_known(language: str) -> None:
    lexicon = load_lexicon(language)
    named = {entry.name for entry in lexicon.observation}
    assert set(OBSERVATIONS) - {"No Finding"} <= named
    assert len(named) == len(lexicon.observation)
    assert set(lexicon.within) <= set(lexicon.locations)
    assert set(lexicon.within.values()) <= set(lexicon.locations)


def test_the_notice_of_the_labelers_phrases_is_shipped() -> None:
    notice = resource_path("text", "LICENSE_CHEXPERT_LABELER").read_text(encoding="utf-8")
    assert "Copyright (c) 2018 Stanford Machine Learning Group" in notice and "MIT License" in notice


@pytest.mark.parametrize("broken", ["", "void = ['(']", "language = "])
def test_a_broken_file_is_refused(tmp_path: Path, broken: str) -> None:
    (tmp_path / "en.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(DraftError) as caught:
        load_lexicon("en", tmp_path)
    assert caught.value.code == "LEXICON"


def test_a_language_without_a_file_is_refused() -> None:
    with pytest.raises(DraftError, match=r"xx\.toml"):
        load_lexicon("xx")


def test_other_words_are_another_version(tmp_path: Path) -> None:
    shipped = resource_path("text", "en.toml").read_bytes()
    (tmp_path / "en.toml").write_bytes(shipped + b"# nothing but a remark\n")
    assert load_lexicon("en", tmp_path).version != load_lexicon("en").version
    assert hashlib.sha256(shipped).hexdigest().startswith(load_lexicon("en").version)
