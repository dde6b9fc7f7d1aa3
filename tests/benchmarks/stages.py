"""The stages of one tube, timed in a process of its own; the answer is one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from cytomon.gating.engine.stream import Stream
from cytomon.gating.late import split
from cytomon.pipeline import measure_placed, open_for_gating, place_on


def stages(path: str) -> dict[str, float]:
    """Processor seconds of each stage; the first pass warms everything up."""
    opened = open_for_gating(path)
    placement = place_on(opened)
    parts = split(placement)
    engine = Stream(opened.events, placement.matrices)
    engine.ask(parts.early, parts.needed)
    return {
        "events": opened.events.n_events,
        "engine": _timed(lambda: engine.ask(parts.early, parts.needed)),
        "place": _timed(lambda: place_on(opened)),
        "count, examine, measure": _timed(
            lambda: measure_placed(opened, placement, specimen=None, file="tube")
        ),
    }


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.stdout.write(json.dumps(stages(sys.argv[1])) + "\n")
