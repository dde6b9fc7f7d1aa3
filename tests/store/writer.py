"""A process that keeps results one by one, for tests of several writers at once."""

from __future__ import annotations

import sys

from cytomon.store.address import parse
from cytomon.store.open import opened
from tests.store.builders import marrow, result, save


def main() -> None:
    """Keep as many results of a patient as the command line says, under the patient's name."""
    url, name, times = sys.argv[1:]
    with opened(parse(url), who=name) as store:
        for number in range(int(times)):
            (taken,) = save(
                store, result(marrow(name, f"S{number}"), file=f"{name}_{number}.fcs"), who=name
            )
            assert taken.how.value == "new"


if __name__ == "__main__":
    main()
