"""Fuzz the entry points, led by coverage (atheris, libFuzzer): `python -m tests.fuzz.run --help`.

Each entry point runs in a process of its own, from the corpus of the repository, the seeds, and
what earlier rounds found in the working folder. A crash, a run of more than five seconds, or more
memory than allowed ends the round and leaves the bytes in ``crashes``.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

from tests.fuzz.corpus import kept

INSTRUMENTED = [
    "cytomon.fcs", "cytomon.gating.exchange", "cytomon.gating.template", "cytomon.yaml_file",
    "cytomon.gating.lint", "cytomon.gating.explain", "cytomon.gating.schema",
    "cytomon.gating.numbers_spec", "cytomon.gating.dimensions_spec", "cytomon.gating.anchors_spec",
    "cytomon.gating.near_miss", "cytomon.gating.envelope.reference", "cytomon.lists",
    "cytomon.worklist", "cytomon.filing", "cytomon.track.profile",
]  # fmt: skip
SLOWEST = 5
"""Seconds for one input."""
MEMORY = 200
"""MiB above what the libraries take, beside three times the size of the file."""
LONGEST = {
    "fcs": 2500, "gatingml": 8192, "flowjo": 16384, "template": 3000, "reference": 2000,
    "panel": 300,
}  # fmt: skip
"""Bytes of an input; of all others a thousand."""
RECORD = (
    "entry_point", "cpu_seconds", "executions", "edges_before", "edges_after", "corpus",
    "peak_mib", "imported_mib", "crashed",
)  # fmt: skip
_PROGRESS = re.compile(
    r"^#(\d+)\s+(\w+)\s+cov: (\d+) ft: \d+(?: corp: (\d+))?.*?rss: (\d+)Mb", re.M
)


def main() -> int:
    """One round over the entry points that are named, or all."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("names", nargs="*", help="entry points")
    asked.add_argument("--seconds", type=int, default=60, help="for each entry point")
    asked.add_argument("--work", type=Path, default=Path("fuzz"), help="folder of what is found")
    asked.add_argument("--seed", type=int, default=1, help="of libFuzzer's dice")
    asked.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    said = asked.parse_args()
    if said.here:
        _fuzz(said.names[0], said.work, said.seconds, said.seed)
        return 0
    from tests.fuzz.entry_points import ENTRY_POINTS  # not above: it is instrumented as it loads

    if unknown := set(said.names) - {*ENTRY_POINTS}:
        asked.error(f"no entry points: {', '.join(unknown)}")
    said.work.mkdir(parents=True, exist_ok=True)
    rows = [_round(name, said) for name in said.names or ENTRY_POINTS]
    return int(any(row["crashed"] for row in rows))


def _round(name: str, said: argparse.Namespace) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.fuzz.run", name, "--here", "--work", said.work]
    command += ["--seconds", str(said.seconds), "--seed", str(said.seed)]
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    seen = [
        (int(n), word, int(cov), corpus, int(rss))
        for n, word, cov, corpus, rss in _PROGRESS.findall(done.stderr)
    ]
    loaded = [at for at, one in enumerate(seen) if one[1] == "INITED"]
    imported = re.search(r"^imported (\d+) MiB", done.stderr, re.MULTILINE)
    row = {
        "entry_point": name,
        "cpu_seconds": round(ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime),
        "executions": seen[-1][0] if seen else 0,
        "edges_before": seen[loaded[0]][2] if loaded else 0,
        "edges_after": seen[-1][2] if seen else 0,
        "corpus": seen[-1][3] if seen else 0,
        "peak_mib": max((one[4] for one in seen), default=0),
        "imported_mib": imported[1] if imported else "",
        "crashed": done.returncode,
    }  # fmt: skip
    record = said.work / "rounds.csv"
    is_new = not record.exists()
    with record.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, RECORD)
        writer.writerows([dict(zip(RECORD, RECORD, strict=True))] * is_new + [row])
    print(time.strftime("%H:%M"), *row.values(), flush=True)  # noqa: T201
    if done.returncode:
        (said.work / f"crashed-{name}.txt").write_text(done.stderr[-20_000:])
        print(done.stderr[-3000:], flush=True)  # noqa: T201
    return row


def _fuzz(name: str, work: Path, seconds: int, seed: int) -> None:
    """In a process of its own: libFuzzer ends it."""
    import atheris

    warnings.simplefilter("error", RuntimeWarning)
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.entry_points import enter
        from tests.fuzz.seeds import mistaken, seeds

        for content in seeds(name):
            enter(name, content)  # what is imported late, too
    corpus = work / name
    corpus.mkdir(parents=True, exist_ok=True)
    (work / "crashes").mkdir(exist_ok=True)
    for content in (*seeds(name), *mistaken(name), *kept(name)):
        (corpus / hashlib.sha1(content, usedforsecurity=False).hexdigest()).write_bytes(content)
    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"imported {imported} MiB", file=sys.stderr)  # noqa: T201
    longest = LONGEST.get(name, 1000)
    options = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={seconds}",
        f"-max_len={longest}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={imported + MEMORY}",
        f"-seed={seed}",
        f"-artifact_prefix={work / 'crashes'}/{name}-",
        "-len_control=0",
        "-print_final_stats=1",
    ]
    words = Path(__file__).parent / "words" / f"{name}.dict"
    options += [f"-dict={words}"] if words.exists() else []
    from tests.fuzz.mutate import mutator

    def checked(content: bytes) -> None:
        try:
            enter(name, content)
        except Exception:
            # libFuzzer writes it too, if its alarm clock lets it live so long
            digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            (work / "crashes" / f"{name}-crash-{digest}").write_bytes(content)
            raise

    atheris.Setup(options, checked, custom_mutator=mutator(name))
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
