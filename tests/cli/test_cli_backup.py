"""Backups from the command line, as whoever is on duty takes them and needs them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_cli_store import Say, kept, say

__all__ = ["kept", "say"]  # the store that is backed up


def test_what_is_taken_can_be_compared_with_an_anchor(kept: Say) -> None:
    """The same entry and the same hash; the same again after it was restored elsewhere."""
    anchor = json.loads(kept("audit", "anchor")[1])
    code, out, err = kept("backup", "--out", "kept/b.db")

    assert (code, err) == (0, "")
    assert out == (
        f"backup of {anchor['seq']} entries of the log and {rows(kept)} rows, checked\n"
        f"ends at entry {anchor['seq']} of {anchor['at']}\nhash {anchor['hash']}\n"
    )
    assert kept("restore", "kept/b.db", "--store", "sqlite:///again.db") == (
        0, out.replace("backup of", "restored:"), "",
    )  # fmt: skip
    kept("audit", "anchor", "--out", "anchor.json")
    words = ("audit", "verify", "--store", "sqlite:///again.db", "--anchor", "anchor.json")
    assert kept(*words)[0] == 0


def rows(say: Say) -> int:
    """How many rows `audit verify` counts."""
    return int(say("audit", "verify")[1].split(", ")[1].split()[0])


def test_the_store_was_lost(kept: Say, tmp_path: Path) -> None:
    """What the backup held is there again, and a later anchor says what is missing."""
    kept("backup", "--out", "kept/b.db")
    kept("user", "revoke", "pia")
    kept("audit", "anchor", "--out", "anchor.json")
    (tmp_path / "s.db").unlink()
    assert kept("restore", "kept/b.db")[0] == 0

    assert "pia" in kept("user", "list")[1]
    assert "ada (admin): restore store" in kept("audit", "log")[1]
    assert kept("audit", "verify", "--anchor", "anchor.json")[:2] == (
        1, "HISTORY_REWRITTEN: anchor at entry 7: another entry stands there now\n",
    )  # fmt: skip


def test_what_cannot_be_done_is_said(kept: Say, tmp_path: Path) -> None:
    """With exit code 2, what, where and how to go on."""
    kept("backup", "--out", "kept/b.db")
    (tmp_path / "cut.db").write_bytes((tmp_path / "kept" / "b.db").read_bytes()[:40_000])

    assert kept("restore", "kept/b.db") == (
        2,
        "",
        "error: there is a file where the store would be\n  where: s.db\n"
        "  fix:   name another place with --store, or move away what is there\n",
    )
    assert kept("restore", "cut.db", "--store", "sqlite:///new.db") == (
        2,
        "",
        "error: the file cannot be used as a backup: the file of the store is damaged\n"
        "  where: cut.db\n  fix:   take another backup; this one is damaged, or no backup\n",
    )
    assert kept("backup", "--out", "s.db")[2].startswith("error: the file is in use as a store")
    assert kept("backup", "--out", "b.db", "--store", "sqlite:///nowhere.db")[0] == 2
    assert not (tmp_path / "b.db").exists()
    assert not (tmp_path / "new.db").exists()
