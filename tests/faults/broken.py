"""Many tubes, and twenty ways in which one is broken."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube

Break = Callable[[Path, bytes], None]
_KINDS = 10
"""Simulated tubes, of which all others are copies with another last event each."""


def _written(change: Callable[[bytes], bytes]) -> Break:
    return lambda path, good: _write(path, change(good))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _swap(old: str, new: str) -> Break:
    """Another value of the same length."""
    assert len(old) == len(new)

    def change(good: bytes) -> bytes:
        assert good.count(old.encode()) == 1, old
        return good.replace(old.encode(), new.encode())

    return _written(change)


def _total(good: bytes) -> bytes:
    """Twice as many events as there are."""
    start = good.index(b"$TOT\x0c") + 5
    end = good.index(b"\x0c", start)
    return good[:start] + str(int(good[start:end]) * 2)[: end - start].encode() + good[end:]


def _no_total(good: bytes) -> bytes:
    start = good.index(b"$TOT\x0c") + 5
    end = good.index(b"\x0c", start)
    return good[:start] + b"m" * (end - start) + good[end:]


WAYS: dict[str, tuple[str, Break]] = {
    "empty": ("FCS_REFUSED", _written(lambda good: b"")),
    "text_file": ("FCS_REFUSED", _written(lambda good: b"patient;tube\r\n1;a\r\n" * 40)),
    "compressed": ("FCS_REFUSED", _written(lambda good: gzip.compress(good, mtime=0))),
    "cut_in_header": ("FCS_REFUSED", _written(lambda good: good[:40])),
    "cut_in_text": ("FCS_REFUSED", _written(lambda good: good[:700])),
    "cut_in_data": ("FCS_REFUSED", _written(lambda good: good[:-5000])),
    "text_beyond_file": ("FCS_REFUSED", _written(lambda good: good[:18] + b"99999999" + good[26:])),
    "unknown_version": ("FCS_REFUSED", _swap("FCS3.1", "FCS9.9")),
    "too_many_events": ("FCS_REFUSED", _written(_total)),
    "no_number_of_events": ("FCS_REFUSED", _written(_no_total)),
    "no_number_of_parameters": ("FCS_REFUSED", _swap("$PAR\x0c13", "$PAR\x0cab")),
    "a_parameter_more": ("FCS_REFUSED", _swap("$PAR\x0c13", "$PAR\x0c14")),
    "histogram": ("FCS_REFUSED", _swap("$MODE\x0cL", "$MODE\x0cU")),
    "odd_byte_order": ("FCS_REFUSED", _swap("1,2,3,4", "3,4,1,2")),
    "odd_width": ("FCS_REFUSED", _swap("$P3B\x0c32", "$P3B\x0c13")),
    "marker_missing": ("PANEL_REFUSED", _swap("CD19 PE-Cy7", "XY99 PE-Cy7")),
    "marker_twice": ("PANEL_REFUSED", _swap("CD3 APC-H7", "CD19 AF700")),
    "matrix_singular": ("GATING_REFUSED", _swap("B530-A,1,0,0", "B530-A,0,0,0")),
    "no_file_behind_the_link": ("FCS_REFUSED", lambda path, _: path.symlink_to("gone")),
    "a_pipe": ("FCS_REFUSED", lambda path, _: os.mkfifo(path)),
}
"""Name to the code of its refusal, and what makes such a file of a good one."""


def write_tubes(folder: Path, *, good: int, broken: int) -> None:
    """Write good tubes, no two the same, and so many of each broken way, in folders of their own.

    Parameters
    ----------
    folder : Path
        Made here.
    good, broken : int
        How many; `broken` of each way.
    """
    kinds = list(_kinds(folder / "kinds", min(good, _KINDS)))
    (folder / "good").mkdir()
    for n in range(good):
        content = bytearray(kinds[n % len(kinds)])
        content[-12:-8] = np.float32(1000 + n).tobytes()  # when the last event came
        (folder / "good" / f"{n:04}.fcs").write_bytes(content)
    (folder / "broken").mkdir()
    for name, (_, break_) in WAYS.items():
        for n in range(broken):
            break_(folder / "broken" / f"{name}_{n}.fcs", kinds[n % len(kinds)])


def _kinds(folder: Path, number: int) -> list[bytes]:
    """A few tubes of blood; their files go again."""
    folder.mkdir()
    made = []
    for seed in range(number):
        plan = TubePlan(
            state="PB_m6_recovered", n_events=1500, seed=seed, panel="lymphocyte_subsets"
        )
        write_tube(simulate_tube(plan), folder, "tube")
        made.append((folder / "tube.fcs").read_bytes())
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    return made
