"""Stand-ins for `cytomon.task.perform` that another process can import by name."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from cytomon.document import Document, keep, kept_path, unseal
from cytomon.task import Task


def answer(task: Task) -> Document:
    """Say at once that the tube is done, and by whom."""
    return Document(file=task.job.file, engine=str(os.getpid()))


def keep_a_copy(task: Task) -> Document:
    """Keep the document that lies at the tube's path as if it were the tube's own."""
    path = Path(task.job.path)
    before = unseal(path)
    assert before is not None
    document = replace(before, file=task.job.file, sha256=f"{task.job.file:>064}")
    return keep(kept_path(Path(task.out), task.job.file), document)


def die_on_bad(task: Task) -> Document:
    """End the process where the tube is called bad."""
    if task.job.file == "bad":
        os._exit(1)
    return answer(task)


def die_once(task: Task) -> Document:
    """End the process the first time only, as when memory runs out for a moment."""
    mark = Path(task.out) / "died"
    if task.job.file == "bad" and not mark.exists():
        mark.touch()
        os._exit(1)
    return answer(task)


def threads(_task: Task) -> Document:
    """Say how many threads the linear algebra may use."""
    from threadpoolctl import threadpool_info

    return Document(file=str(max(pool["num_threads"] for pool in threadpool_info())))


def interrupt_parent(task: Task) -> Document:
    """Press Ctrl-C on the process that waits, once."""
    if task.job.file == "t0":
        os.kill(os.getppid(), signal.SIGINT)
    return answer(task)


def die_and_tell(task: Task) -> Document:
    """End the process where the tube is called bad, and leave a file for each time."""
    if task.job.file == "bad":
        (Path(task.out) / f"died-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(task)


def wait_on_slow(task: Task) -> Document:
    """Wait for ever where the tube is called slow, as for a drive that gives no answer."""
    if task.job.file == "slow":
        time.sleep(600)
    return answer(task)


def wait_to_be_killed(task: Task) -> Document:
    """Be in the middle of a tube until the process is killed; the second time it goes well."""
    here = Path(task.out) / "in-work"
    if task.job.file == "slow" and not here.exists():
        here.write_text(str(os.getpid()))
        time.sleep(600)
    return answer(task)
