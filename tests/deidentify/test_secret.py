"""Pseudonyms and shifts come from a secret, and the secret is kept."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from cytomon.deidentify.secret import MOST_DAYS, Secret, new_secret, read_secret
from cytomon.errors import InputError

KEY = b"0123456789abcdef0123456789abcdef"


def hmac_by_hand(key: bytes, message: bytes) -> int:
    """HMAC-SHA256 as RFC 2104 defines it, for keys of up to 64 bytes."""
    inner, outer = (bytes(b ^ pad for b in key.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    return int.from_bytes(hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).digest())


def test_a_pseudonym_is_an_hmac():
    """Twelve digits to the base 20, lowest first, of the HMAC of kind and name."""
    number, word = hmac_by_hand(KEY, b"7\0patient\x004\0P001"), ""
    days = hmac_by_hand(KEY, b"4\0days\x004\0P001") % 1461
    for _ in range(12):
        number, digit = divmod(number, 20)
        word += "bcdfghjklmnpqrstvwxz"[digit]

    assert Secret(KEY).pseudonym("patient", "P001") == word
    assert Secret(KEY).days("P001") == -1 - days


def test_same_secret_same_words():
    """Another secret, kind, name or grouping gives another word."""
    one, other = Secret(KEY), Secret(KEY[::-1])

    assert one.pseudonym("patient", "P001") == Secret(KEY).pseudonym("patient", "P001")
    words = {
        one.pseudonym("patient", "P001"), other.pseudonym("patient", "P001"),
        one.pseudonym("patient", "P002"), one.pseudonym("specimen", "P001"),
        one.pseudonym("patient", "P0", "01"), one.pseudonym("patient", "P", "001"),
    }  # fmt: skip
    assert len(words) == 6


def test_shifts_are_spread_over_four_years():
    """Always into the past, each number of days about as often as any other."""
    days = [Secret(KEY).days(f"P{n}") for n in range(20_000)]

    assert min(days) == -MOST_DAYS
    assert max(days) == -1
    # 20,000 draws of 1,461 equal values: mean -731, standard error 421.8 / sqrt(20000) = 3.0
    assert abs(sum(days) / len(days) + 731) < 12


def test_a_new_secret(tmp_path: Path):
    """Its owner alone can read it, it can be used, and none is ever replaced."""
    path = tmp_path / "secret"
    new_secret(path)
    content = path.read_bytes()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(content.strip()) == 64
    assert content.strip() not in repr(read_secret(path)).encode()
    with pytest.raises(InputError, match="cannot be had again"):
        new_secret(path)
    assert path.read_bytes() == content
    new_secret(tmp_path / "other")
    assert (tmp_path / "other").read_bytes() != content


@pytest.mark.skipif(os.name != "posix", reason="rights are kept elsewhere")
@pytest.mark.parametrize("rights", [0o640, 0o604, 0o620, 0o644, 0o601])
def test_a_secret_that_others_can_read_is_refused(rights: int, tmp_path: Path):
    """Also through a link, and nothing of it is said."""
    path = tmp_path / "secret"
    path.write_bytes(KEY)
    path.chmod(rights)
    (tmp_path / "link").symlink_to(path)

    for name in ("secret", "link"):
        with pytest.raises(InputError, match=f"others than its owner .* {rights:o}") as refused:
            read_secret(tmp_path / name)
        assert KEY.decode() not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"short", b"a" * 64, b"ab" * 40, b"0123456789 " * 500])
def test_a_secret_that_could_be_guessed_is_refused(content: bytes, tmp_path: Path):
    """Too short, too even, or no secret at all."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(InputError, match="a secret has 32 to 4096"):
        read_secret(path)


def test_no_file(tmp_path: Path):
    """A folder, a pipe or nothing is refused, and nobody waits."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none"):
        with pytest.raises(InputError):
            read_secret(path)
