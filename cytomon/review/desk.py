"""A person at a store: tubes are taken up, edits are kept as they are made, verdicts are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cytomon.errors import InputError
from cytomon.model.adjustment import Adjustment, read_adjustments, spell_adjustments
from cytomon.model.people import MAY, Act, Role
from cytomon.pipeline import OpenedTube, open_for_gating
from cytomon.review.case import Case, Places, differences, earlier_specimens, open_case, read_cases
from cytomon.review.saving import approve, change_result, reject
from cytomon.review.session import Session, Settled
from cytomon.review.verdict import flips
from cytomon.store.change import changing
from cytomon.store.people import role_of
from cytomon.store.reviewing import (
    Opening,
    Step,
    open_gate,
    read_openings,
    read_steps,
    save_step,
)
from cytomon.store.session import Store


@dataclass(slots=True, kw_only=True, eq=False)
class OnDesk:
    """A tube that was taken up.

    Attributes
    ----------
    session : Session
        Its gates.
    opened : OpenedTube
        Its file.
    case : Case or None
        What the store knows of it; None for a file that was opened by itself.
    differs : tuple of str
        Populations that are counted otherwise than when the batch measured them; known once the
        tube has been measured anew.
    resumed : int
        Steps of an earlier sitting that were taken up again.
    """

    session: Session
    opened: OpenedTube
    case: Case | None = None
    differs: tuple[str, ...] = ()
    resumed: int = 0

    def check(self, settled: Settled) -> None:
        """Hold the automatic result of now against the one that is kept."""
        if self.case is not None and not settled.adjustments:
            self.differs = differences(self.case, settled.result)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Desk:
    """Who reviews, and where.

    Attributes
    ----------
    who : str
        Name of the person.
    store : Store or None
        Where results are; None for looking at files by themselves.
    places : Places
        Where files are looked for, and what else the store does not hold.
    """

    who: str
    store: Store | None = None
    places: Places = field(default_factory=Places)

    @property
    def role(self) -> Role:
        """The person's role in the store."""
        if self.store is None:
            return Role.NONE
        with self.store.reading() as connection:
            return role_of(connection, self.who)

    @property
    def may_review(self) -> bool:
        """Whether a verdict of this person is kept."""
        return Act.REVIEW in MAY[self.role]

    def cases(self, patient_id: str, specimen: int) -> tuple[Case, ...]:
        """Tubes of a specimen (`cytomon.review.case.read_cases`)."""
        with self._store().reading() as connection:
            return read_cases(connection, patient_id, specimen)

    def take_up(self, case: Case) -> OnDesk:
        """Open a tube, with the edits of an earlier sitting that had no verdict.

        Raises
        ------
        CytomonError
            If its file is not found or cannot be gated.
        """
        opened = open_case(case, self.places)
        session = Session(
            opened,
            specimen=case.specimen,
            file=case.automatic.file,
            who=self.who,
            start=case.start,
        )
        on_desk = OnDesk(session=session, opened=opened, case=case)
        with self._store().reading() as connection:
            steps = read_steps(connection, case.result.number, self.who)
        on_desk.resumed = len(steps)
        for step in steps:
            self._again(session, step.step, step.adjustments)
        session.open_gates |= {gate for gate, one in self.openings(on_desk).items() if one.is_open}
        return on_desk

    def take_up_file(self, path: Path | str) -> OnDesk:
        """Open a file by itself: what is done with it is kept nowhere."""
        opened = open_for_gating(
            path, template=self.places.template or None, mapping=self.places.mapping
        )
        session = Session(opened, specimen=None, file=opened.tube.name, who=self.who)
        return OnDesk(session=session, opened=opened)

    def earlier(self, on_desk: OnDesk) -> OnDesk | None:
        """The same kind of tube of the patient's specimen before; None where there is none.

        Raises
        ------
        CytomonError
            If its file is not found or cannot be gated.
        """
        case = on_desk.case
        if case is None:
            return None
        with self._store().reading() as connection:
            before = earlier_specimens(connection, case)
            found = [
                one
                for specimen in before
                for one in read_cases(connection, case.patient_id, specimen.number)
                if one.automatic.template == case.automatic.template
            ]
        if not found:
            return None
        opened = open_case(found[0], self.places)
        session = Session(
            opened,
            specimen=found[0].specimen,
            file=found[0].automatic.file,
            who=self.who,
            start=found[0].start,
        )
        return OnDesk(session=session, opened=opened, case=found[0])

    def keep(self, on_desk: OnDesk, step: Step, adjustment: Adjustment | None = None) -> None:
        """Keep a step as it is made; a person who may not review leaves no trace.

        Raises
        ------
        InputError
            If the store cannot be written to.
        """
        if on_desk.case is None or not self.may_review:
            return
        text = spell_adjustments([adjustment]) if adjustment else ""
        with changing(self._store(), self.who, "edit", act=Act.REVIEW) as change:
            save_step(change, on_desk.case.result.number, step, text)

    def openings(self, on_desk: OnDesk) -> Mapping[str, Opening]:
        """Locked gates of a tube that persons want open."""
        if on_desk.case is None:
            return {}
        with self._store().reading() as connection:
            return read_openings(connection, on_desk.case.result.number)

    def ask_to_open(self, on_desk: OnDesk, gate: str, why: str) -> bool:
        """Ask for a locked gate to be opened, or agree with who has asked.

        Raises
        ------
        InputError
            If the role does not allow it, a reason is missing, or the same person asks again.
        """
        case = self._case(on_desk)
        with changing(self._store(), self.who, "open gate", act=Act.REVIEW) as change:
            is_open = open_gate(change, case.result.number, gate, why)
        if is_open:
            on_desk.session.open_gates.add(gate)
        return is_open

    def obstacle(self, on_desk: OnDesk) -> str:
        """Why no verdict can be given; empty where one can."""
        if on_desk.case is None:
            return "the file was opened by itself: a verdict is given to a result in a store"
        if not self.may_review:
            role = self.role
            return f"{f'the role {role.value}' if role.value else 'a name without a role'} may " + (
                "not review: nothing is kept"
            )
        if on_desk.differs:
            return (
                "the automatic gates do not count what the batch had counted "
                f"({'; '.join(on_desk.differs[:3])}): measure the tube again"
            )
        return ""

    def needs_reason(self, on_desk: OnDesk) -> tuple[str, ...]:
        """Quantities whose status the changes turn; each turn needs a reason."""
        case, session = on_desk.case, on_desk.session
        stood = case.result.measurements if case else session.before
        return tuple(dict.fromkeys((*session.flips, *flips(stood, session.after))))

    def approve(self, on_desk: OnDesk, comment: str = "") -> None:
        """Keep the tube as it stands: approved as it was, or changed with a result of its own.

        Raises
        ------
        InputError
            If there is an obstacle, a reason is missing, or the pipeline has not spoken yet.
        """
        case, session = self._case(on_desk), on_desk.session
        self._refuse_obstacle(on_desk)
        # measured again since its review, a tube says something else than what that had kept
        if not session.is_changed and not case.is_measured_again:
            approve(self._store(), self.who, case, comment)
            return
        settled = session.settled
        if settled is None:
            raise InputError(
                "the tube is still being measured with these gates",
                where=session.file,
                fix="wait until the verdict is final",
            )
        self._refuse_without_reason(self.needs_reason(on_desk), comment, session.file)
        change_result(self._store(), self.who, case, on_desk.opened, settled, comment)

    def reject(self, on_desk: OnDesk, comment: str) -> None:
        """Take the result of a tube out of what counts.

        Raises
        ------
        InputError
            If there is an obstacle, or no reason.
        """
        case = self._case(on_desk)
        self._refuse_obstacle(on_desk)
        self._refuse_without_reason(("the result",), comment, on_desk.session.file)
        reject(self._store(), self.who, case, comment)

    def _refuse_obstacle(self, on_desk: OnDesk) -> None:
        why = self.obstacle(on_desk)
        if why:
            raise InputError(why, where=on_desk.session.file, fix="see the guide for reviewers")

    @staticmethod
    def _refuse_without_reason(what: Sequence[str], comment: str, where: str) -> None:
        if what and not comment.strip():
            raise InputError(
                f"a reason is needed: {', '.join(what)} changes",
                where=where,
                fix="say in a few words why",
            )

    def _again(self, session: Session, step: Step, text: str) -> None:
        match step:
            case Step.EDIT:
                for one in read_adjustments(text):
                    session.repeat(one)
            case Step.UNDO:
                session.undo()
            case Step.REDO:
                session.redo()
            case Step.START_OVER:
                session.start_over()

    def _case(self, on_desk: OnDesk) -> Case:
        if on_desk.case is None:
            raise InputError(
                "the file was opened by itself",
                where=on_desk.session.file,
                fix="open it from a store: cytomon review --store URL",
            )
        return on_desk.case

    def _store(self) -> Store:
        if self.store is None:
            raise InputError(
                "no store is open", where="--store", fix="name one: cytomon review --store URL"
            )
        return self.store
