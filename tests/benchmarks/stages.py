"""The stages of one tube, timed in a process of its own; the answer is one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from cytomon.fcs.events import FileEvents
from cytomon.gating.engine.stream import Stream
from cytomon.gating.late import split
from cytomon.pipeline import measure_placed, open_for_gating, place_on


def stages(path: str) -> dict[str, float]:
    """Processor seconds of each stage, in a process that has done it all once before.

    The engine reads the file as placing does; what comes after placing finds it read.
    """
    opened = open_for_gating(path)
    placement = place_on(opened)
    measure_placed(opened, placement, specimen=None, file="tube")
    parts = split(placement)
    alone, opened = FileEvents(opened.tube), open_for_gating(path)
    found = {
        "engine": _timed(lambda: Stream(alone, placement.matrices).ask(parts.early, parts.needed)),
        "place": _timed(lambda: place_on(opened)),
        "count, examine, measure": _timed(
            lambda: measure_placed(opened, placement, specimen=None, file="tube")
        ),
    }
    whole = found["place"] + found["count, examine, measure"]
    overhead = {"all of it, less one pass of the engine": whole - found["engine"]}
    return {"events": opened.events.n_events, **found, **overhead}


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.stdout.write(json.dumps(stages(sys.argv[1])) + "\n")
