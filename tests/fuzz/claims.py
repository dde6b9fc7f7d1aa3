"""Files that claim much and hold little, and what it costs to read them.

`python -m tests.fuzz.claims` tells it, a line of JSON for each.

Each is read in a process of its own, forked from one that has loaded all libraries, so that its
memory is what the reading itself takes.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fcs.builders import make_fcs, sample_events
from tests.fuzz.entry_points import ENTRY_POINTS, CytomonError, enter
from tests.fuzz.seeds import seeds

FIVE = sample_events(5)
WORKLIST = b"file,patient_id,specimen_id,collected_on,specimen_type\n"
EVENTS = b"patient_id,date,event,value,unit,comment\n"
VERTEX = (
    b'<gating:vertex><gating:coordinate data-type:value="1"/>'
    b'<gating:coordinate data-type:value="0"/></gating:vertex>'
)
REFERENCE = b'<gating:gateReference gating:ref="%s"/>'


def _fcs(pairs: Mapping[str, str], raw: bytes = b"") -> bytes:
    return make_fcs(FIVE, keywords=pairs, raw=raw)


def _parameters(count: int) -> bytes:
    pairs = (f"$P{n}N/x/$P{n}B/32/$P{n}R/9/$P{n}E/0,0/" for n in range(5, count + 1))
    return _fcs({"$PAR": str(count), "$TOT": "0"}, "".join(pairs).encode())


def _gatingml(inside: bytes) -> bytes:
    head, _, _ = seeds("gatingml")[0].partition(b"<transforms:")
    return head + inside + b"</gating:Gating-ML>"


def _boolean(name: str, operands: list[str]) -> bytes:
    references = b"".join(REFERENCE % one.encode() for one in operands)
    return (
        b'<gating:BooleanGate gating:id="%s"><gating:and>%s</gating:and></gating:BooleanGate>'
        % (name.encode(), references)
    )


def _rectangle(name: str, parent: str = "") -> bytes:
    above = f' gating:parent_id="{parent}"' if parent else ""
    return (
        f'<gating:RectangleGate gating:id="{name}"{above}><gating:dimension '
        'gating:compensation-ref="uncompensated" gating:min="1"><data-type:fcs-dimension '
        'data-type:name="FSC-A"/></gating:dimension></gating:RectangleGate>'
    ).encode()


def _wide() -> bytes:
    names = [f"G{n}" for n in range(150)]
    return b"".join(map(_rectangle, names)) + b"".join(_boolean(f"B{n}", names) for n in range(140))


def _tall() -> bytes:
    below = [["G", "H"], *([f"B{n - 1}", f"B{n - 2}"] for n in range(2, 200))]
    ladder = (_boolean(f"B{n}", one) for n, one in enumerate([["G", "H"], *below]))
    return _rectangle("G") + _rectangle("H") + b"".join(ladder)


def _workspace(inside: bytes) -> bytes:
    return seeds("flowjo")[0].replace(b"</Keywords>", inside + b"</Keywords>", 1)


def _gates(count: int) -> bytes:
    gate = b"  - {name: g%d, parent: g%d, kind: interval, bounds: {FSC-A: {low: 20000}}}\n"
    chain = b"".join(gate % (n, n - 1) for n in range(1, count))
    return seeds("template")[0] + chain.replace(b"parent: g0,", b"parent: singlets,", 1)


def _bomb() -> bytes:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b"*a%d, " % (n - 1) * 9) for n in range(1, 12)]
    return b"\n".join(lines)


CLAIMS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "a million million events": ("fcs", lambda: _fcs({"$TOT": "1000000000000"})),
    "a million parameters claimed": ("fcs", lambda: _fcs({"$PAR": "1000000"})),
    "a hundred thousand parameters": ("fcs", lambda: _parameters(100_000)),
    "a thousand parameters": ("fcs", lambda: _parameters(1000)),
    "90,000 keywords": (
        "fcs", lambda: _fcs({}, b"".join(b"k%d/v/" % n for n in range(90_000)))
    ),
    "eight million keywords": ("fcs", lambda: _fcs({}, b"a/b/" * 7_900_000)),
    "a stain of thirty megabytes": ("fcs", lambda: _fcs({"$P3S": "CD3 " * 7_800_000})),
    "a dye with doubling ways to split it": ("fcs", lambda: _fcs({"$P3S": "rpe" * 300 + "q"})),
    "a matrix of thirty million commas": (
        "fcs", lambda: _fcs({"$SPILLOVER": "2" + "," * 30_000_000})
    ),
    "a number of 300,000 digits and a letter": (
        "fcs", lambda: _fcs({"$P1G": "1" * 300_000 + "x", "$P1R": "1" * 300_000})
    ),
    "an offset of 300,000 digits and a letter": (
        "fcs", lambda: _fcs({"$NEXTDATA": "1" * 300_000 + "x"})
    ),
    "a detector with a million blanks": (
        "fcs", lambda: _fcs({"$SPILLOVER": f"2,FITC{' ' * 1_000_000}x,PE-A,1,0,0,1"})
    ),
    "a thousand data sets": (
        "fcs", lambda: make_fcs(FIVE, keywords={"$NEXTDATA": "00000700"}).ljust(700, b" ") * 1000
    ),
    "XML nested a hundred thousand deep": (
        "gatingml", lambda: _gatingml(b"<gating:a>" * 100_000 + b"</gating:a>" * 100_000)
    ),
    "a million elements": ("gatingml", lambda: _gatingml(b"<a/>" * 1_000_000)),
    "300,000 attributes": (
        "gatingml",
        lambda: _gatingml(b"<a %s/>" % b" ".join(b'b%d="1"' % n for n in range(300_000))),
    ),
    "a polygon of 40,000 corners": (
        "gatingml",
        lambda: seeds("gatingml")[0].replace(
            b"</gating:PolygonGate>", VERTEX * 40_000 + b"</gating:PolygonGate>", 1
        ),
    ),
    "a polygon of 2,900 corners": (
        "gatingml",
        lambda: seeds("gatingml")[0].replace(
            b"</gating:PolygonGate>", VERTEX * 2900 + b"</gating:PolygonGate>", 1
        ),
    ),
    "gates that refer to each other, wide": ("gatingml", lambda: _gatingml(_wide())),
    "gates that refer to each other, tall": ("gatingml", lambda: _gatingml(_tall())),
    "dividers that hang on each other": (
        "gatingml",
        lambda: _gatingml(
            b"".join(
                b'<gating:divider gating:id="d%d" gating:parent_id="d%d"/>' % (n, n - 1)
                for n in range(1, 2000)
            )
        ),
    ),
    "a workspace of a million elements": ("flowjo", lambda: _workspace(b"<a/>" * 10_000_000)),
    "a workspace of many keywords": (
        "flowjo", lambda: _workspace(b'<Keyword name="$P1N" value="FSC-A"/>' * 290_000)
    ),
    "a workspace with a huge polygon": (
        "flowjo",
        lambda: seeds("flowjo")[0].replace(
            b"</gating:PolygonGate>", VERTEX * 100_000 + b"</gating:PolygonGate>", 1
        ),
    ),
    "YAML nested five thousand deep": ("template", lambda: b"a: " + b"[" * 5000),
    "YAML of half a million parts": ("template", lambda: b"a: [" + b"1," * 490_000 + b"]"),
    "a chain of a thousand gates": ("template", lambda: _gates(1000)),
    "a hundred thousand fields": (
        "template", lambda: b"".join(b"k%d: 1\n" % n for n in range(90_000))
    ),
    "a profile that multiplies": ("profile", _bomb),
    "a worklist of 99,000 rows": (
        "worklist",
        lambda: WORKLIST + b"".join(b"%d.fcs,P,S,2026-02-09,marrow\n" % n for n in range(99_000)),
    ),
    "a worklist of a million bad rows": ("worklist", lambda: WORKLIST + b"x\n" * 1_000_000),
    "a list of a million columns": ("events", lambda: b"," * 1_000_000 + b"\n"),
    "a cell that never ends": ("events", lambda: EVENTS + b'"' + b"x\n" * 2_000_000),
    "a mapping of half a million bad rows": (
        "mapping", lambda: b"detector,marker\n" + b"a\n" * 500_000
    ),
    "measurements in one line": (
        "measurements", lambda: seeds("measurements")[0].partition(b"\n")[0] + b"\n" + b"x" * 10**7
    ),
    "a million bad measurements": (
        "measurements",
        lambda: seeds("measurements")[0].partition(b"\n")[0] + b"\n" + b"x\n" * 10**6,
    ),
}  # fmt: skip
"""What is claimed, who reads it, and the bytes."""


def cost(claim: str) -> dict[str, object]:
    """Seconds of processor and MiB that a reading takes, and how it ended."""
    name, make = CLAIMS[claim]
    content = make()
    there, here = os.pipe()
    child = os.fork()
    if not child:
        before, began = _resident(), time.process_time()
        try:
            ENTRY_POINTS[name](content)
            end = "read"
        except CytomonError as error:
            end = error.what[:120]
        except BaseException as error:  # noqa: BLE001  (told to the process that waits)
            end = f"defect: {type(error).__name__}"
        facts = {
            "seconds": round(time.process_time() - began, 2),
            "mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before),
            "file_mib": round(len(content) / 2**20, 1),
            "end": end,
        }
        os.write(here, json.dumps(facts).encode())
        os._exit(0)
    os.close(here)
    with os.fdopen(there, "rb") as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return {"claim": claim, **json.loads(said or b'{"end": "defect: the process has died"}')}


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    """One line of JSON for each claim."""
    for name in ENTRY_POINTS:
        enter(name, seeds(name)[0])  # libraries that come late
    for claim in CLAIMS:
        print(json.dumps(cost(claim)), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
