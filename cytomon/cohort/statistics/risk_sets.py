"""Who is at risk when: the table that every curve and every comparison is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cytomon.cohort.statistics.answers import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowUp:
    """From when to when persons were watched, and why it ended.

    Attributes
    ----------
    entry : ndarray, shape (n_persons,)
        At risk from just after this time; minus infinity for "from the start".
    stop : ndarray, shape (n_persons,)
        Last time at risk.
    code : ndarray of int, shape (n_persons,)
        0 if the watching ended without an event, else which event ended it.
    """

    entry: FloatArray
    stop: FloatArray
    code: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskSets:
    """Counts at each time when something happened.

    Attributes
    ----------
    times : ndarray, shape (n_times,)
        Distinct, ascending: each end of watching and each delayed entry.
    at_risk : ndarray of int, shape (n_times, n_groups)
        Just before the time. Who enters at the time is not yet in it, who leaves still is; so
        events come before censorings of the same day.
    ended : ndarray of int, shape (n_times, n_groups, n_codes)
        Persons whose watching ended at the time, by `FollowUp.code`.
    """

    times: FloatArray
    at_risk: IntArray
    ended: IntArray


def follow(stop: ArrayLike, code: ArrayLike, entry: ArrayLike | None = None) -> FollowUp:
    """Check what was given, and settle who is watched from the start.

    Parameters
    ----------
    stop : array_like, shape (n_persons,)
        Days, at least 0.
    code : array_like of bool or int, shape (n_persons,)
        0 for censored.
    entry : array_like, shape (n_persons,), optional
        Days, at least 0 and before `stop`; 0 is "from the start".

    Returns
    -------
    FollowUp
        Of the same persons in the same order.

    Raises
    ------
    ValueError
        With a sentence about the first thing that is wrong.
    """
    stops = _days(stop, "stop")
    if not stops.size:
        raise ValueError("there is nobody to follow: stop is empty")
    codes = _codes(code)
    _refuse_other_length("event or cause", codes.size, stops.size)
    if entry is None:
        return FollowUp(entry=np.full(stops.size, -np.inf), stop=stops, code=codes)
    entries = _days(entry, "entry")
    _refuse_other_length("entry", entries.size, stops.size)
    late = np.flatnonzero(stops <= entries)
    if late.size:
        i = late[0]
        msg = f"entry must come before stop: person {i} has {entries[i]:g} and {stops[i]:g}"
        raise ValueError(msg)
    return FollowUp(entry=np.where(entries > 0, entries, -np.inf), stop=stops, code=codes)


def risk_sets(follow_up: FollowUp, group: IntArray | None = None) -> RiskSets:
    """Count persons at risk and ends of watching, for all times at once.

    Parameters
    ----------
    follow_up : FollowUp
        Of all persons.
    group : ndarray of int, shape (n_persons,), optional
        Number of each person's group, from 0 on; all in one if left out.

    Returns
    -------
    RiskSets
        Made in n log n steps: one sort, then sums.
    """
    where = np.zeros(follow_up.stop.size, dtype=np.int64) if group is None else group
    n_groups, n_codes = int(where.max()) + 1, int(follow_up.code.max()) + 1
    delayed = np.isfinite(follow_up.entry)
    times = np.unique(np.concatenate([follow_up.stop, follow_up.entry[delayed]]))

    row = np.searchsorted(times, follow_up.stop)
    cell = (row * n_groups + where) * n_codes + follow_up.code
    ended = np.bincount(cell, minlength=times.size * n_groups * n_codes)
    ended = ended.reshape(times.size, n_groups, n_codes).astype(np.int64)

    row = np.searchsorted(times, follow_up.entry[delayed])
    entered = np.bincount(row * n_groups + where[delayed], minlength=times.size * n_groups)
    entered = entered.reshape(times.size, n_groups)
    # still to leave, less those who are still to come
    at_risk = np.cumsum((ended.sum(axis=2) - entered)[::-1], axis=0)[::-1]
    return RiskSets(times=times, at_risk=at_risk.astype(np.int64), ended=ended)


def numbered(group: ArrayLike, n_persons: int) -> tuple[tuple[str, ...], IntArray]:
    """Names of the groups in order, and the number of each person's.

    Raises
    ------
    ValueError
        If a person has no group, or `group` has another length than the rest.
    """
    labels = np.asarray(group)
    if labels.ndim != 1:
        raise ValueError("group must be one label for each person")
    _refuse_other_length("group", labels.size, n_persons)
    # None, and the NaN of a table's empty cell
    missing = [i for i, label in enumerate(labels.tolist()) if str(label) in {"None", "nan", ""}]
    if missing:
        raise ValueError(f"{len(missing)} of {n_persons} persons have no group, first {missing[0]}")
    names, numbers = np.unique(labels, return_inverse=True)
    return tuple(str(name) for name in names), numbers.astype(np.int64)


def _days(values: ArrayLike, name: str) -> FloatArray:
    days = np.asarray(values, dtype=np.float64)
    if days.ndim != 1:
        raise ValueError(f"{name} must be one number for each person")
    bad = days[~(np.isfinite(days) & (days >= 0))]
    if bad.size:
        raise ValueError(f"{name} must be a number of days, 0 or more: found {bad[0]:g}")
    return days


def _codes(values: ArrayLike) -> IntArray:
    raw = np.asarray(values)
    if raw.ndim != 1 or raw.dtype.kind not in "buif":
        raise ValueError("event or cause must be one number for each person: 0 for censored")
    bad = raw[~(np.isfinite(raw) & (raw >= 0) & (raw == np.floor(raw)))]
    if bad.size:
        raise ValueError(f"event or cause must be a whole number, 0 or more: found {bad[0]:g}")
    return raw.astype(np.int64)


def _refuse_other_length(name: str, found: int, n_persons: int) -> None:
    if found != n_persons:
        raise ValueError(f"{name} has {found} values for {n_persons} persons")
