"""Make the corpus of the repository small, and say how much of the readers it covers.

`python -m tests.fuzz.distil fuzz` takes what rounds of `tests.fuzz.run` have found in the folder
``fuzz``, keeps the shortest files that together take every branch that all of them take, and writes
``tests/fuzz/corpus``. Without a folder it only tells the branch coverage of what is kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.corpus import keep, kept

READERS = {
    "intake": "cytomon/fcs/acquisition.py cytomon/fcs/channels.py cytomon/fcs/detectors.py "
    "cytomon/fcs/extent.py cytomon/fcs/intake.py cytomon/fcs/numerals.py cytomon/fcs/read.py "
    "cytomon/fcs/segments.py cytomon/fcs/spillover.py cytomon/fcs/text.py cytomon/fcs/verdicts.py",
    "panel": "cytomon/fcs/panel.py cytomon/fcs/markers.py cytomon/fcs/names.py "
    "cytomon/fcs/mapping.py cytomon/fcs/detectors.py",
    "template": "cytomon/gating/template.py cytomon/yaml_file.py cytomon/gating/lint.py "
    "cytomon/gating/explain.py cytomon/gating/*_spec.py cytomon/gating/schema.py "
    "cytomon/gating/envelope/reference.py",
    "XML": "cytomon/gating/exchange/intake.py cytomon/gating/exchange/gatingml_read.py "
    "cytomon/gating/exchange/workspace*.py cytomon/gating/exchange/check.py "
    "cytomon/gating/exchange/names.py cytomon/gating/exchange/document.py",
    "lists": "cytomon/lists.py cytomon/worklist.py cytomon/filing/measured_list.py "
    "cytomon/filing/measured_row.py cytomon/filing/quick_rows.py cytomon/filing/blocks.py "
    "cytomon/track/profile.py",
}
"""What is read by which modules."""


def main() -> int:
    """Distil, and tell."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("work", type=Path, nargs="?", help="folder of `tests.fuzz.run`")
    said = asked.parse_args()
    import coverage

    files = {title: _files(patterns) for title, patterns in READERS.items()}
    every = sorted({one for some in files.values() for one in some})
    measured = coverage.Coverage(branch=True, include=every, data_file=None)
    measured.start()  # before cytomon is imported: what runs on import counts
    from tests.fuzz.entry_points import ENTRY_POINTS, enter
    from tests.fuzz.seeds import seeds

    for name in ENTRY_POINTS:
        for content in seeds(name):
            enter(name, content)
        known = _arcs(measured)
        chosen: list[bytes] = []
        for content in _candidates(name, said.work):
            enter(name, content)
            reached = _arcs(measured)
            if reached > known:
                chosen.append(content)
                known = reached
        if said.work:
            keep(name, chosen)
        print(f"{name}: {len(chosen)} files, {sum(map(len, chosen))} bytes")  # noqa: T201
    measured.stop()
    for title, some in files.items():
        print(f"\n{title}")  # noqa: T201
        measured.report(include=some, show_missing=True, skip_empty=True, file=sys.stdout)
    return 0


def _files(patterns: str) -> list[str]:
    return sorted(str(path) for one in patterns.split() for path in Path().glob(one))


def _candidates(name: str, work: Path | None) -> Iterable[bytes]:
    """What was found and what is kept, shortest first; crashes that were mended are found, too."""
    from tests.fuzz.seeds import mistaken

    contents = {*kept(name), *mistaken(name)}
    if work:
        found = [*(work / name).glob("*"), *(work / "crashes").glob(f"{name}-*")]
        contents |= {path.read_bytes() for path in found}
    return sorted(contents, key=lambda one: (len(one), one))


def _arcs(measured: object) -> int:
    """Branches taken so far, by number: they only grow."""
    data = measured.get_data()  # type: ignore[attr-defined]
    return sum(len(data.arcs(file) or ()) for file in data.measured_files())


if __name__ == "__main__":
    sys.exit(main())
