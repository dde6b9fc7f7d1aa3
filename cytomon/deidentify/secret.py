"""The secret that pseudonyms and shifts of days come from: without it, neither can be repeated."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cytomon.errors import InputError

MOST_DAYS: Final = 1461
"""Of a shift: four years, so that not even the year of a day is left."""

_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
"""Without vowels and digits a pseudonym is neither a word nor a number, and is found to be none."""
_LENGTH: Final = 12
_LEAST_BYTES, _MOST_BYTES, _LEAST_DIFFERENT = 32, 4096, 8


class Secret:
    """What pseudonyms and shifts are made with.

    Parameters
    ----------
    key : bytes
        As `read_secret` takes it from its file.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Secret(...)"

    def pseudonym(self, kind: str, *of: str) -> str:
        """A word of 12 consonants (52 bits) for something that has a name.

        Parameters
        ----------
        kind : str
            What is named: the same text as a patient and as a specimen gives two words.
        *of : str
            Its name; several texts are taken together and in their order.

        Notes
        -----
        The beginning of HMAC-SHA256 (RFC 2104, FIPS 198-1) of kind and name under the secret:
        who has the pseudonyms and guesses a name cannot see whether the guess is right.
        """
        number = self._number(kind, *of)
        word = []
        for _ in range(_LENGTH):
            number, rest = divmod(number, len(_LETTERS))
            word.append(_LETTERS[rest])
        return "".join(word)

    def days(self, patient: str) -> int:
        """By how many days all days of a patient are moved: -1 to -`MOST_DAYS`.

        Notes
        -----
        Always into the past: a day in the future would be refused, or look like a mistake.
        """
        return -1 - self._number("days", patient) % MOST_DAYS

    def _number(self, *texts: str) -> int:
        # lengths go first: ("a", "bc") and ("ab", "c") are different names
        parts = [part for text in texts for part in (str(len(text)), text)]
        message = "\0".join(parts).encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.new(self._key, message, hashlib.sha256).digest())


def new_secret(path: Path) -> None:
    """Write a new secret into a file that only its owner can read; none is ever replaced.

    Raises
    ------
    InputError
        If there is a file of this name, or it cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(
            "there is a file of this name; a secret that is replaced cannot be had again",
            where=path.name,
            fix="name another file, or go on with this one: --secret FILE",
        ) from error
    except OSError as error:
        raise _unusable(path, error) from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")


def read_secret(path: Path) -> Secret:
    """Read a secret.

    Raises
    ------
    InputError
        If it cannot be read, if others than its owner may read it or change it, or if it is so
        short or so even that it could be guessed.
    """
    if not path.is_file():  # reading a pipe would wait for ever
        raise InputError(
            "there is no such file", where=path.name, fix="make a secret with --new-secret FILE"
        )
    try:
        with path.open("rb") as stream:
            rights = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unusable(path, error) from error
    # Windows keeps rights elsewhere: docs/howto/deidentify.md says what to look at there
    if os.name == "posix" and rights & 0o077:
        raise InputError(
            f"others than its owner may read or change the secret (its rights are {rights:o})",
            where=path.name,
            fix="if nobody has read it, take their rights away with chmod 600; else make a new "
            "one with --new-secret FILE",
        )
    key = content.strip()
    guessed = len(key) < _LEAST_BYTES or len(set(key)) < _LEAST_DIFFERENT
    if guessed or len(content) > _MOST_BYTES:
        raise InputError(
            f"a secret has {_LEAST_BYTES} to {_MOST_BYTES} characters, of which at least "
            f"{_LEAST_DIFFERENT} are different",
            where=path.name,
            fix="make one with --new-secret FILE",
        )
    return Secret(key)


def _unusable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"the secret cannot be read or written: {error.strerror or type(error).__name__}",
        where=path.name,
        fix="check the path; a secret is made with --new-secret FILE",
    )
