"""Language models of some kilobytes, made in a moment: they prove that the parts fit together, not good words.

Both are of the llama architecture with a byte-level vocabulary. One has random weights: what it says depends on every
token before, and means nothing. The other one reads nothing and prefers some tokens to all others.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
from collections.abc import Collection, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

WIDTH, HEADS, FEED_FORWARD, CONTEXT = 32, 2, 48, 4096
BEGIN, END = "<|begin|>", "<|end|>"
CHAT = "{{ bos_token }}{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"

needs_llama = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None or importlib.util.find_spec("gguf") is None,
    reason="llama-cpp-python or gguf is not installed (extras 'labelling' and 'dev')",
)

Array = npt.NDArray[np.float32]


def random_model(path: Path, seed: int = 0, *, name: str = "random") -> Path:
    """Write a model whose every answer is another one."""
    rng = np.random.default_rng(seed)
    vocabulary = byte_tokens()
    size = len(vocabulary) + 2

    def matrix(rows: int, columns: int) -> Array:
        return rng.normal(0.0, 1.0 / np.sqrt(columns), (rows, columns)).astype(np.float32)

    block = {
        "attn_q": matrix(WIDTH, WIDTH),
        "attn_k": matrix(WIDTH, WIDTH),
        "attn_v": matrix(WIDTH, WIDTH),
        "attn_output": 2 * matrix(WIDTH, WIDTH),
        "ffn_gate": matrix(FEED_FORWARD, WIDTH),
        "ffn_up": matrix(FEED_FORWARD, WIDTH),
        "ffn_down": 2 * matrix(WIDTH, FEED_FORWARD),
    }
    return _write(path, vocabulary, block, matrix(size, WIDTH), matrix(size, WIDTH), name=name)


def stubborn_model(path: Path, answers: Sequence[str], *, name: str = "stubborn") -> Path:
    """Write a model that always takes the first of some texts that it may, whatever it is asked.

    Parameters
    ----------
    answers : sequence of str
        Each is a token, such as ``'"present"'``, wanted more than those behind it.
    """
    vocabulary = [*byte_tokens(), *map(spelled, answers)]
    size = len(vocabulary) + 2
    silent = {
        **dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), np.zeros((WIDTH, WIDTH), np.float32)),
        **dict.fromkeys(("ffn_gate", "ffn_up"), np.zeros((FEED_FORWARD, WIDTH), np.float32)),
        "ffn_down": np.zeros((WIDTH, FEED_FORWARD), np.float32),
    }
    wish = np.zeros(size, np.float32)
    wish[256 : 256 + len(answers)] = np.linspace(2.0, 1.0, len(answers))
    # Nothing but the end of an answer may be as good as the bytes, so that no space is ever added.
    wish[[ord(" "), ord("\n"), ord("\t")]] = -1.0
    same = np.ones((size, WIDTH), np.float32)
    return _write(path, vocabulary, silent, same, np.repeat(wish[:, None], WIDTH, 1).astype(np.float32), name=name)


def killed_while_asked(children: Collection[BaseProcess]) -> threading.Timer:
    """Stop the only child, so that a question reaches it alive, and kill it while that waits."""
    (child,) = children
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    killer = threading.Timer(0.2, child.kill)
    killer.start()
    return killer


def byte_tokens() -> list[str]:
    """Return the 256 tokens of a byte-level vocabulary, by byte, as GPT-2 spells them."""
    return [_letters()[byte] for byte in range(256)]


def spelled(text: str) -> str:
    """Return a token's text as GPT-2 spells it."""
    return "".join(_letters()[byte] for byte in text.encode())


def _letters() -> dict[int, str]:
    """Return the printable character of each byte (GPT-2's `bytes_to_unicode`)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}


def _write(
    path: Path, vocabulary: Sequence[str], block: dict[str, Array], embedding: Array, output: Array, *, name: str
) -> Path:
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_license("apache-2.0")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(vocabulary) + 2)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*vocabulary, BEGIN, END])
    writer.add_token_types([gguf.TokenType.NORMAL] * len(vocabulary) + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(len(vocabulary))
    writer.add_eos_token_id(len(vocabulary) + 1)
    writer.add_add_bos_token(True)
    writer.add_chat_template(CHAT)
    norm = np.ones(WIDTH, np.float32)
    tensors = {
        "token_embd": embedding,
        "output_norm": norm,
        "output": output,
        **{f"blk.0.{key}": value for key, value in block.items()},
        "blk.0.attn_norm": norm,
        "blk.0.ffn_norm": norm,
    }
    for key, value in tensors.items():
        writer.add_tensor(f"{key}.weight", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
