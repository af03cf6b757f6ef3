"""Run an encoder in a process of its own and print the most memory that it took, in MiB."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from engine.inference.runtime import load_session, needed_graph, run_session

RUNS = 3


def main() -> None:
    """Take the graph in the folder that runs ("torch" for PyTorch), its folder, the image's side and the threads."""
    kind, folder, side, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    pixels = np.zeros((1, 3, side, side), dtype=np.float32)
    if kind != "torch":
        asked = ["class_token", "attn_cls", "v_last", "x0_last"]
        graph = needed_graph((folder / kind).read_bytes(), asked, "cpu")
        session, _ = load_session(graph, kind, "cpu", threads)
        for _ in range(RUNS):
            run_session(session, asked, {"pixel_values": pixels})
    else:
        import torch  # noqa: PLC0415 - its memory is not to count for ours

        from training.benchmarks.encoder_peers import transformers_model  # noqa: PLC0415

        torch.set_num_threads(threads)
        model = transformers_model(folder)
        with torch.inference_mode():
            for _ in range(RUNS):
                model(torch.from_numpy(pixels))
    print(peak_mib())  # noqa: T201 - its answer


def peak_mib() -> float:
    """Return the most memory that this process has taken."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage, whose figure begins with that of the process which started this one.
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    import resource  # noqa: PLC0415 - there is none on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10


if __name__ == "__main__":
    main()
