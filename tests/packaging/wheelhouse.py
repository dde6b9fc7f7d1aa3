"""A wheel house for machines of another kind, made of one for this kind.

``python -m tests.packaging.wheelhouse win_amd64 FOLDER`` leaves the wheels in it that run
everywhere, and prints what has to be fetched for the other kind beside them.

`pip download --platform` alone does not do: it asks the markers of requirements about the machine
it runs on, and so leaves out what only the other system needs; and it builds nothing, though some
libraries that run everywhere are published without a wheel.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import parse_wheel_filename

from tests.packaging.needed import WINDOWS, needed


def keep_what_runs_everywhere(folder: Path) -> set[str]:
    """Remove the wheels of this kind of machine; names of those that stay."""
    stay = set()
    for path in folder.glob("*.whl"):
        name, _, _, tags = parse_wheel_filename(path.name)
        if {tag.platform for tag in tags} == {"any"}:
            stay.add(str(name))
        else:
            path.unlink()
    return stay


def to_fetch(there: set[str]) -> Iterator[str]:
    """A requirement for each distribution that Windows lacks, in the version installed here."""
    for name, one in needed(WINDOWS).items():
        if name not in there:
            # what is not installed here, nobody has tested; the newest is as good as any
            yield f"{name}=={one.found.version}" if one.found else name


if __name__ == "__main__":
    if not sys.argv[1].startswith("win"):
        sys.exit("for this kind of machine, make the wheel house on one of them")
    wanted = to_fetch(keep_what_runs_everywhere(Path(sys.argv[2])))
    sys.stdout.writelines(f"{line}\n" for line in wanted)
