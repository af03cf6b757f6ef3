"""Sentences of reports: where they end, and that none is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.sentences import split_sentences

CASES = [
    ("The heart is normal. The lungs are clear.", ["The heart is normal.", "The lungs are clear."]),
    ("Lungs are clear.There is no effusion.", ["Lungs are clear.", "There is no effusion."]),
    ("A 2.5 cm nodule. No effusion", ["A 2.5 cm nodule.", "No effusion"]),
    ("Seen by Dr. ___ at 4 p.m. on that day. Done.", ["Seen by Dr. ___ at 4 p.m. on that day.", "Done."]),
    ("Mild wedging of the T. spine is old.", ["Mild wedging of the T. spine is old."]),
    ("Opacity in zone C. The heart is normal.", ["Opacity in zone C.", "The heart is normal."]),
    ("1. No acute disease. 2. Scoliosis.", ["1. No acute disease.", "2. Scoliosis."]),
    ("1. No acute disease\n2. Scoliosis", ["1. No acute disease", "2. Scoliosis"]),
    ("1. Right effusion 2. Scoliosis 3. ___", ["1. Right effusion", "2. Scoliosis", "3. ___"]),
    ("- Clear lungs\n- Normal heart", ["- Clear lungs", "- Normal heart"]),
    ("Fracture at the level of T 4. The heart is normal.", ["Fracture at the level of T 4.", "The heart is normal."]),
    ("Atelectasis vs. pneumonia. Effusion", ["Atelectasis vs. pneumonia.", "Effusion"]),
    ("The lungs\nare clear. no effusion.", ["The lungs are clear.", "no effusion."]),
    ("One paragraph\n\nAnother paragraph", ["One paragraph", "Another paragraph"]),
    ("Pneumonia? Effusion!", ["Pneumonia?", "Effusion!"]),
    ("St. Jude valve. ICD", ["St. Jude valve.", "ICD"]),
    ("Clear. . Normal.", ["Clear..", "Normal."]),
    ("", []),
    (" \n\n . ", ["."]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert split_sentences(text) == expected


WORDS = st.sampled_from(
    ["Lungs", "clear", "Dr", "T", "1", "2.5", ".", ". ", "?", "\n", "\n\n", "- ", "XXXX", "___", ")", '"']
)


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=40).map(" ".join)))
def test_no_character_but_white_space_is_lost(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())
