"""One measurement in a process of its own: seconds and memory of reading and gating a tube.

Called as ``python -m tests.benchmarks.one ENGINE FILE``; the answer is one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tests.benchmarks.tube import NAMES, SCATTER, placement, spillover

Counts = Mapping[str, int]


def stream(path: Path) -> Callable[[], Counts]:
    from cytomon.fcs.events import FileEvents
    from cytomon.fcs.intake import open_tube
    from cytomon.gating.engine.stream import Stream

    gates = placement()

    def work() -> Counts:
        tube = open_tube(path)
        answer = Stream(FileEvents(tube), gates.matrices).ask(gates, set())
        return {name: count for name, count in answer.counts.items() if name}

    return work


def flowkit(path: Path) -> Callable[[], Counts]:
    import flowkit as fk

    from tests.benchmarks.strategy import flowkit_strategy

    strategy, paths = flowkit_strategy(placement())

    def work() -> Counts:
        results = strategy.gate_sample(fk.Sample(path, sample_id="tube"))
        return {
            name: int(results.get_gate_membership(name, above).sum())
            for name, above in paths.items()
        }

    return work


def floor(path: Path) -> Callable[[], Counts]:
    from cytomon.fcs.intake import open_tube

    inverse = np.linalg.inv(spillover().matrix).astype(np.float32)

    def work() -> Counts:
        tube = open_tube(path)
        stored = np.fromfile(path, "<f4", tube.n_events * len(NAMES), offset=tube.layout.begin)
        stains = np.ascontiguousarray(stored.reshape(-1, len(NAMES))[:, len(SCATTER) :])
        return {"": len(stains @ inverse)}

    return work


def measure(engine: str, path: Path) -> dict[str, object]:
    """Seconds of the work alone, and the peak of memory above what importing takes."""
    work = {"stream": stream, "flowkit": flowkit, "floor": floor}[engine](path)
    before = _memory("VmRSS")
    wall, processor = time.perf_counter(), time.process_time()
    counts = work()
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    used = _memory("VmHWM") - before
    return {"wall": wall, "processor": processor, "mib": used, "counts": dict(counts)}


def _memory(what: str) -> float:
    """MiB, now or at the peak; a process inherits `ru_maxrss` from the one that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))) + "\n")
