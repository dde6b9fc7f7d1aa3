"""One patient's course in the terminal: what was found when, where it stands, what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import typer

from cytomon.cli.spark import b_curve, legend, mrd_curve
from cytomon.cli.track_table import COLOURS, aligned, b_cells, newest
from cytomon.model.flags import Flag
from cytomon.model.states import Landmark
from cytomon.model.timeline import Answer, Sample
from cytomon.track.digest import digest_of
from cytomon.track.follow import Followed
from cytomon.track.reviews import rejected
from cytomon.track.words import percent
from cytomon.track.written import burden

if TYPE_CHECKING:
    from cytomon.courses import Step
    from cytomon.model.reviewed import Reviewed

_HEAD = ("day", "date", "what", "MRD", "CD19", "CD22", "B cells", "hematogones", "")


def course_lines(
    followed: Followed, reviews: Sequence[Reviewed], steps: Sequence[Step]
) -> Iterator[str]:
    """Everything that is known and said of a patient.

    Parameters
    ----------
    followed : Followed
        The patient.
    reviews : sequence of Reviewed
        What reviewers have said of results.
    steps : sequence of Step
        Corrections and newer results that changed flags.
    """
    yield from _heading(followed)
    yield ""
    yield from _course(followed, reviews)
    if reviews:
        from cytomon.cli.track_reviews import review_lines

        yield ""
        yield from review_lines(reviews)
    yield ""
    yield from state_lines(followed)
    yield from _visit_lines(followed)
    yield ""
    yield from _flag_lines(followed.flags)
    if steps:
        yield ""
        yield from _step_lines(steps)


def _heading(followed: Followed) -> Iterator[str]:
    timeline, digest = followed.timeline, digest_of(followed)
    said = [timeline.patient_id]
    if timeline.day0 is None:
        said.append("day of infusion not recorded")
    else:
        day, product = _day(followed, followed.as_of), timeline.product or "infusion"
        said.append(f"day {day} after {product} of {timeline.day0}")
    said.append(f"genotype {timeline.genotype or 'not recorded'}")
    yield ", ".join(said)
    before = burden(followed)
    band = f"{before['band']} %" if before["band"] else "not recorded"
    smear = before["morphology"] or "not recorded"
    yield f"before the infusion: burden {band}, morphology {smear}"
    yield f"MRD      {mrd_curve(digest.mrd) or '-'}  {newest(digest.mrd)}"
    yield f"B cells  {b_curve(digest.b_cells) or '-'}  {b_cells(digest)}"
    yield legend()
    yield from _b_cell_lines(followed)


def _b_cell_lines(followed: Followed) -> Iterator[str]:
    """Aplasia after recovery, and what keeps B cells from saying anything."""
    episodes = followed.course.aplasia.episodes if followed.course else ()
    if len(episodes) > 1:
        said = [f"d{onset} to {'now' if back is None else f'd{back}'}" for onset, back in episodes]
        yield f"aplasia more than once: {', '.join(said)}"
    for void in followed.known.voids if followed.known else ():
        until = "from then on" if void.until is None else f"up to d{void.until}"
        what = void.event.replace("_", " ")
        yield f"B cells say nothing of the CAR T cells after the {what} of d{void.after}, {until}"


def _course(followed: Followed, reviews: Sequence[Reviewed]) -> Iterator[str]:
    """Specimens and events by day."""
    timeline, rows = followed.timeline, []
    out = {(one.specimen_id, one.specimen_type, one.collected_on) for one in rejected(reviews)}
    template = ""
    for sample in (one for one in timeline.samples if one.on <= followed.as_of):
        mrd = sample.answers.get("mrd")
        changed = mrd is not None and bool(template) and mrd.template not in {"", template}
        if mrd is not None:
            template = mrd.template or template
        cells = _sample_cells(followed, sample, changed=changed)
        if not sample.answers and (sample.specimen_id, sample.specimen_type, sample.on) in out:
            cells = (*cells[:-1], "rejected")
        rows.append((sample.on, 0, cells))
    for event in (one for one in timeline.events if one.on <= followed.as_of):
        what = f"{event.event} {event.value} {event.unit}".strip()
        day = _day(followed, event.on)
        rows.append((event.on, 1, (day, str(event.on), what, "", "", "", "", "", "")))
    dated = [one.on for one in timeline.samples] + [one.on for one in timeline.events]
    later = sum(on > followed.as_of for on in dated)
    if later:
        yield f"{later} specimens and events after {followed.as_of} are left out"
    if not rows:
        yield "no specimen and no event"
        return
    shown = [row for _, _, row in sorted(rows, key=lambda one: one[:2])]
    yield from aligned(_HEAD, shown, [None] * len(shown))
    if any("*" in row[3] for row in shown):
        yield "* another template than at the marrow before: compare with care"


def _day(followed: Followed, on: date) -> str:
    day0 = followed.timeline.day0
    return "-" if day0 is None else str((on - day0).days)


def _sample_cells(followed: Followed, sample: Sample, *, changed: bool) -> tuple[str, ...]:
    answers = sample.answers
    mrd = _valued(answers.get("mrd"), interval=True) + "*" * changed
    states = {answer.state for answer in answers.values()}
    return (
        _day(followed, sample.on),
        str(sample.on),
        f"{sample.specimen_type} {sample.specimen_id}",
        mrd,
        _called(answers.get("cd19_blasts")),
        _called(answers.get("cd22_blasts")),
        _valued(answers.get("b_fraction")) + _voided(followed, sample),
        percent(answers["hematogones"].value) if "hematogones" in answers else "",
        "/".join(sorted(states)),
    )


def _voided(followed: Followed, sample: Sample) -> str:
    known = followed.known
    if known is None or "b_fraction" not in sample.answers:
        return ""
    day = (sample.on - known.day0).days
    return " (void)" * any(void.holds(day) for void in known.voids)


def _valued(answer: Answer | None, *, interval: bool = False) -> str:
    if answer is None:
        return ""
    if answer.value is None:
        return answer.status
    low, high = percent(answer.low).removesuffix(" %"), percent(answer.high).removesuffix(" %")
    between = f" ({low} to {high})" if interval else ""
    return f"{percent(answer.value)}{between} {answer.status}"


def _called(answer: Answer | None) -> str:
    if answer is None or answer.status == "NOT_ASSESSABLE":
        return ""
    marks = "".join(f" {name}" for name in ("PROVISIONAL", "DECREASED") if answer.says(name))
    return f"{answer.status}{marks}"


def state_lines(followed: Followed) -> Iterator[str]:
    """The states, one to a line; the MRD beside persistent aplasia."""
    digest, row = digest_of(followed), followed.states.row()
    yield "states"
    for name, value in row.items():
        if name == "patient_id":
            continue
        beside = ""
        if value == Landmark.PERSISTENT or (name == "bca_ge_6m" and value == "YES"):
            beside = f"   (MRD: {newest(digest.mrd)})"
        yield f"  {name:<20}{value or '-'}{beside}"


def _visit_lines(followed: Followed) -> Iterator[str]:
    if followed.visits:
        yield ""
        yield "visits"
    for one in followed.visits:
        visit = one.visit
        missing = f": {' and '.join(one.missing)}" if one.missing else ""
        window = f"d{visit.first}-{visit.last}"
        yield f"  {visit.name:<5}{window:<11}{one.status}{missing}"


def _flag_lines(flags: Sequence[Flag]) -> Iterator[str]:
    waiting = sorted((flag for flag in flags if flag.open), key=lambda flag: -flag.urgency)
    yield f"open flags: {len({(flag.rule, flag.subject) for flag in waiting})}"
    for flag in waiting:
        yield from _flag(flag)
    closed = [flag for flag in flags if not flag.open]
    if closed:
        yield f"answered: {len(closed)}"
    for flag in closed:
        yield from _flag(flag)


def _flag(flag: Flag) -> Iterator[str]:
    day = "" if flag.day is None else f" (day {flag.day})"
    name = f"{flag.urgency.word} {flag.rule} {flag.subject}".strip()
    head = typer.style(name, fg=COLOURS.get(flag.urgency))
    yield f"  {head} {flag.on}{day}: {flag.says}"
    for fact in flag.evidence:
        when = "" if fact.day is None else f" (day {fact.day})"
        yield f"      {fact.on}{when} {fact.what}"
    yield f"      confirm or refute: {flag.confirms}"
    for again in flag.suppressed:
        yield f"      held again {again.on}: {again.what}"
    for said in flag.acknowledged:
        yield f"      seen by {said.by} on {said.at[:10]}: {said.why}"


def _step_lines(steps: Sequence[Step]) -> Iterator[str]:
    from cytomon.report.words import inert

    yield "changed by corrections, newer results, reviews and signatures"
    for step in steps:
        entry = step.entry
        why = f": {entry.why}" if entry.why else ""
        # a reviewer's comment is free text: nothing in it may act on the terminal
        said = f"{entry.at[:10]} {entry.what} by {entry.by} (log entry {entry.number}){why}"
        yield f"  {inert(said)}"
        for one in step.changed:
            flag = one.flag
            yield f"      {one.how}: {flag.urgency.word} {flag.rule} {flag.on}: {flag.says}"
            if one.before and one.after:
                before, state = one.before, "open" if one.before.open else "answered"
                yield f"        before: {before.urgency.word}, {state}: {before.says}"
