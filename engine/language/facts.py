"""What is asked of a local language model and what comes back; plain data that travels between processes."""

from __future__ import annotations

from dataclasses import dataclass

SEED = 0


@dataclass(frozen=True)
class Setup:
    """A model and all that is the same for every question.

    Attributes
    ----------
    path : str
        The GGUF file.
    instructions : str
        Text before every question; the model reads it once.
    context : int
        Tokens of instructions, question and answer together.
    threads : int or None
        None leaves it to llama.cpp: half the processors.
    gpu_layers : int
        Layers on a GPU, -1 for all; without effect where the library was built for processors only.
    """

    path: str
    instructions: str
    context: int
    threads: int | None = None
    gpu_layers: int = -1


@dataclass(frozen=True)
class ModelFacts:
    """What a GGUF file says of itself.

    Attributes
    ----------
    name, licence, architecture : str
        Of its metadata; empty where it says nothing.
    instruction_tokens : int
        Tokens before every question.
    library : str
        llama-cpp-python's version.
    """

    name: str
    licence: str
    architecture: str
    instruction_tokens: int
    library: str


@dataclass(frozen=True)
class Answer:
    """What a model wrote.

    Attributes
    ----------
    text : str
    complete : bool
        False where it was cut off.
    prompt_tokens, reused_tokens, answer_tokens : int
        Read, known from before among them, and written.
    seconds : float
        For all of it.
    """

    text: str
    complete: bool
    prompt_tokens: int
    reused_tokens: int
    answer_tokens: int
    seconds: float
