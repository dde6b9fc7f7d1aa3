"""Nothing that a tube's keywords say of a person is in anything that cytomon writes or says.

The folder above bears the planted word too: files are named, folders never are. Nor may anybody but
their owner read what is written.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cytomon.cli.main import main
from cytomon.fcs.intake import open_tube
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.gating.exchange.flowjo import (
    LINEAR,
    Population,
    Sample,
    rectangle,
    workspace,
)
from tests.privacy.planted import BIRTHDAY, NUMBER, STEM, keywords, plant, unreadable, word
from tests.privacy.search import hits, open_to_others

WORDS = (STEM, NUMBER, BIRTHDAY)
LISTS = {
    "worklist": (
        "file,patient_id,specimen_id,collected_on,specimen_type",
        "marrow.fcs,K17,K17_d28_marrow,2026-02-09,marrow",
        "blood.fcs,K17,K17_d28_blood,2026-02-09,blood",
    ),
    "patients": ("patient_id,infusion_date,product", "K17,2026-01-12,CD19/CD22"),
    "events": ("patient_id,date,event,value,unit,comment", "K17,2026-02-09,remission,,,"),
}
WHEN = "--as-of=2026-03-01"


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody works: a folder that bears a name, and what was said there.

    Attributes
    ----------
    folder : Path
        Holds ``tubes``, ``refused``, and what commands write.
    said : list of str
        All that went to stdout and stderr.
    codes : dict of str to int
        Exit code of each command.
    """

    folder: Path
    said: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)

    def run(self, line: str) -> int:
        """Give a command in a process of its own, from this folder."""
        with no_umask():
            done = subprocess.run(  # noqa: S603
                [sys.executable, "-m", "cytomon", *line.split()],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
            )
        return self._noted(line, done.returncode, done.stdout + done.stderr)

    def say(self, line: str) -> int:
        """Give a command here."""
        told = io.StringIO()
        with (
            no_umask(),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(told),
            contextlib.redirect_stderr(told),
        ):
            code = main(line.split())
        return self._noted(line, code, told.getvalue())

    def _noted(self, line: str, code: int, told: str) -> int:
        self.said.append(told)
        self.codes[line] = code
        return code

    def hits(self, *folders: str) -> list[str]:
        """Planted words in what was said and in these folders, and what others may read there."""
        written = [self.folder / name for name in folders]
        assert all(any(one.iterdir()) for one in written)
        opened = open_to_others(written) if os.name != "nt" else []
        return hits(WORDS, folders=written, texts=self.said) + opened


@contextlib.contextmanager
def no_umask() -> Iterator[None]:
    """A shell that takes no rights away from what is written."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def simulated(folder: Path) -> Iterator[Path]:
    """A marrow with leukaemia, a blood, and a marrow of few events."""
    leukaemia = {"blast_typical": 0.05}
    plans = {
        "marrow": TubePlan(state="BM_d28_BCA", n_events=6000, seed=71, blasts=leukaemia),
        "blood": TubePlan(
            state="PB_m6_recovered", n_events=3000, seed=0, panel="lymphocyte_subsets"
        ),
        "few": TubePlan(state="BM_d28_BCA", n_events=500, seed=72),
    }
    for name, plan in plans.items():
        yield write_tube(simulate_tube(plan), folder, name)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tubes before anything is planted in them."""
    folder = tmp_path_factory.mktemp("plain")
    assert len(list(simulated(folder))) == 3
    return folder


@pytest.fixture(scope="module")
def home(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Planted tubes that were measured, with their lists, in a batch with pictures."""
    folder = tmp_path_factory.mktemp("home") / f"{STEM}_above"
    (folder / "tubes").mkdir(parents=True)
    for name in ("marrow.fcs", "blood.fcs"):
        plant(plain / name, folder / "tubes" / name)
    for name, lines in LISTS.items():
        (folder / "tubes" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    home = Home(folder)
    lists = " ".join(f"--{name}=tubes/{name}.csv" for name in LISTS)
    assert home.say(f"batch tubes --out=out {lists} --jobs=1 --user=ada") == 0
    return home


def test_every_keyword_is_planted(home: Home):
    """Else nothing could be found: each word is in the tube, and nothing else is."""
    tube = open_tube(home.folder / "tubes" / "marrow.fcs")
    planted = keywords(len(tube.channels))

    assert len(planted) > 300
    assert {name: tube.keywords[name.upper()] for name in planted} == planted
    assert {f"{STEM}_MORE".upper(), "SAMPLE"} <= set(tube.keywords)


def test_nothing_is_left_of_it_after_a_batch(home: Home):
    """Tables, documents, pictures, plots, store, record and screen."""
    written = {path.suffix for path in (home.folder / "out").rglob("*") if path.is_file()}

    assert home.hits("out") == []
    assert {".csv", ".json", ".png", ".npz", ".db"} <= written
    with (home.folder / "out" / "measurements.csv").open(encoding="utf-8") as stream:
        assert {row["patient_id"] for row in csv.DictReader(stream)} == {"K17"}


def test_nothing_is_left_of_it_afterwards(home: Home):
    """Followed, reported, signed, reviewed, analysed, checked, and imported again."""
    store = "--store=sqlite:///out/cytomon.db --user=ada"
    for command in ("--format=table", "K17", "K17 --format=json", "--states --format=csv"):
        home.say(f"track {command} {WHEN} {store}")
    home.say(f"report --all --out=reports --format=html,pdf,fhir {WHEN} {store}")
    home.say(f"review --list {store}")
    home.say(f"cohort --out=cohort {WHEN} {store}")
    home.say(f"user grant pat pathologist {store}")
    home.say("sign K17_d28_marrow --store=sqlite:///out/cytomon.db --user=pat")
    home.say(f"audit verify {store}")
    home.say(f"audit log {store}")
    home.say(f"audit anchor --out=reports/anchor.json {store}")
    home.say("import --measurements=out/measurements.csv --store=sqlite:///other/s.db --user=ada")

    assert home.hits("out", "reports", "cohort", "other") == []
    assert {line: code for line, code in home.codes.items() if code} == {}


def test_nothing_is_left_of_it_in_pictures(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Each word that is painted, before it becomes pixels."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    painted: list[str] = []
    save = Figure.savefig

    def keeping(figure: Figure, *places: object, **options: object) -> None:
        painted.extend(one.get_text() for one in figure.findobj(Text))
        save(figure, *places, **options)

    monkeypatch.setattr(Figure, "savefig", keeping)
    from cytomon.gating.figures import draw_strategy
    from cytomon.gating.stories import see
    from cytomon.pipeline import measure_placed, open_for_gating, place_on

    opened = open_for_gating(home.folder / "tubes" / "blood.fcs")
    result = measure_placed(opened, place_on(opened), specimen=None, file="blood.fcs")
    draw_strategy(tmp_path / "a.png", see(opened.tube, result, opened.events))

    assert any("blood.fcs" in text for text in painted)
    assert hits(WORDS, folders=[tmp_path], texts=painted) == []


def test_a_refusal_repeats_none_of_it(plain: Path, tmp_path: Path):
    """A name, a number or a birthday in one keyword after the other that a file cannot lack."""
    home = Home(tmp_path / f"{STEM}_above")
    (home.folder / "refused").mkdir(parents=True)
    tubes = list(unreadable(plain / "few.fcs", home.folder / "refused"))
    line = "batch refused --out=out --figures=none --jobs=1 --user=ada"

    assert home.say(line) in (1, 3)
    with (home.folder / "out" / "findings.csv").open(encoding="utf-8") as stream:
        refused = [row for row in csv.DictReader(stream) if row["code"] == "FCS_REFUSED"]
    assert len(refused) > len(tubes) / 2
    assert home.hits("out") == []


def test_a_list_repeats_no_cell(home: Home, plain: Path, tmp_path: Path):
    """A name or a birthday in each cell and each column's name, one after the other."""
    here = Home(tmp_path / f"{STEM}_above")
    (here.folder / "in").mkdir(parents=True)
    plant(plain / "few.fcs", here.folder / "in" / "few.fcs")
    store = "--store=sqlite:///out/s.db --user=ada"
    for name, (header, row, *_) in {**LISTS, **_more_lists(home)}.items():
        columns, cells = header.split(","), row.replace("marrow.fcs", "few.fcs").split(",")
        lines = [
            [one if at != wrong else planted for at, one in enumerate(cells)]
            for wrong in range(len(columns))
            for planted in (f"{STEM} Jane", BIRTHDAY)
            # what a laboratory calls its patients, or says of them, it is told again
            if columns[wrong] not in OWN_WORDS | OWN_WORDS_OF.get(name, set())
        ]
        rows = "\n".join(",".join(one) for one in lines)
        for first in (header, ",".join([*columns[:-1], f"{STEM} Jane"]), f"{STEM},Jane"):
            (here.folder / f"{name}.csv").write_text(f"{first}\n{rows}\n", encoding="utf-8")
            if name == "worklist":
                here.say(
                    f"batch in --out=out --worklist=worklist.csv --figures=none --jobs=1 {store}"
                )
            elif name == "mapping":
                here.say(
                    f"batch in --out=out --mapping=mapping.csv --figures=none --jobs=1 {store}"
                )
            else:
                here.say(f"import --{name}={name}.csv {store}")

    assert hits((STEM,), folders=[here.folder / "out"], texts=here.said) == []
    assert hits((BIRTHDAY,), folders=[], texts=here.said) == []


OWN_WORDS = {
    "patient_id", "specimen_id", "product", "sex", "genotype", "comment", "unit", "value",
    "cd19_clone", "cd22_clone", "collected_on", "infusion_date", "date", "marker", "fluorochrome",
    "detector",
}  # fmt: skip
"""Columns whose cells are kept as they are: names that a laboratory gives, and days."""
OWN_WORDS_OF = {"measurements": {"file", "template"}}


def _more_lists(home: Home) -> dict[str, tuple[str, ...]]:
    lines = (home.folder / "out" / "measurements.csv").read_text(encoding="utf-8").splitlines()
    return {"measurements": tuple(lines[:2]), "mapping": ("file,detector,marker", "few.fcs,x,CD19")}


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_nothing_is_left_of_it_by_any_way_through(home: Home):
    """By either engine, on two processes, asked of both; in every form; where truth is known."""
    lists = " ".join(f"--{name}=tubes/{name}.csv" for name in LISTS)
    for engine in ("stream", "flowkit"):
        home.run(f"batch tubes --out={engine} {lists} --engine={engine} --verify --jobs=2")
        home.run(f"batch tubes --out={engine} {lists} --engine={engine} --dry-run")
    store = "--store=sqlite:///stream/cytomon.db"
    for command in ("", "K17", "--states", "--states K17"):
        for form in ("table", "csv", "json"):
            home.say(f"track {command} --format={form} {WHEN} {store}")
    (home.folder / "tubes" / "labels.csv").write_text(
        "file,blasts,nucleated\nmarrow.fcs,300,5500\n", encoding="utf-8"
    )
    home.run("validate --labelled=tubes --out=labelled --jobs=2")
    home.run("validate --dilute=tubes/marrow.fcs --draws=1 --out=diluted --jobs=2")
    home.run("reference build tubes --name=ours --version=1.0.0 --out=references/ours.yaml")

    assert home.hits("stream", "flowkit", "labelled", "diluted") == []
    assert {code for line, code in home.codes.items() if not line.startswith("reference")} == {0}


def test_documents_of_gates_tell_nothing_of_their_samples(home: Home, tmp_path: Path):
    """A workspace holds the keywords and paths of its tubes; what is imported are its gates."""
    here = Home(tmp_path / f"{STEM}_above")
    here.folder.mkdir()
    tube = home.folder / "tubes" / "blood.fcs"
    sample = Sample(
        name="blood.fcs",
        tree=[Population("cells", rectangle({"FSC-A": (20_000.0, 200_000.0)}))],
        scales={"FSC-A": LINEAR},
        uri=f"file:/V:/{STEM}%20Jane/blood.fcs",
    )
    text = workspace(sample).replace(
        "<Keywords>",
        "<Keywords>"
        + "".join(
            f'<Keyword name="{name}" value="{word(name)}" />' for name in ("$OP", "PATIENT ID")
        ),
    )
    (here.folder / "lab.wsp").write_text(text, encoding="utf-8")
    (here.folder / "out").mkdir(mode=0o700)
    line = f"template import lab.wsp --tube {tube} --out out/lab.yaml --concordance out/c.csv"

    assert here.say(line) in (0, 1)
    assert here.say(f"template show out/lab.yaml --tube {tube}") == 0
    assert here.hits("out") == []
