"""A reference is learned from tubes: what they show, nothing of whose they are, in any order."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cytomon.cli.main import main
from cytomon.errors import InputError, TemplateError
from cytomon.gating.envelope.reference import ReferenceSpec, parse_spec
from cytomon.gating.folder import gate_folder
from cytomon.model.gating import Scale
from cytomon.reference.build import Wanted, build, read_start, text
from cytomon.reference.donors import Seen, Task, find_files, observe, plan_simulated
from cytomon.reference.learn import FEWEST_EVENTS, learn, moved
from cytomon.reference.sights import Sight
from cytomon.simulate.plan import TubePlan, Variation
from cytomon.simulate.populations import position
from cytomon.simulate.tube import simulate_tube, write_tube

Captured = pytest.CaptureFixture[str]

DISPLACED = {"B_naive": ("CD58", 0.3), "hematogone_II": ("CD24", -0.3), "basophil": ("CD38", 0.3)}
SEEDS = (701, 702, 703)


@pytest.fixture(scope="module")
def marrows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three normal marrows that lie where the simulation's tables say, and one with leukaemia."""
    folder = tmp_path_factory.mktemp("Miller_1987-03-04")
    for seed in SEEDS:
        plan = TubePlan(
            state="BM_norm_child", n_events=40_000, seed=seed, variation=Variation.none()
        )
        write_tube(simulate_tube(plan), folder, f"miller_{seed}")
    ill = replace(plan, seed=704, blasts={"blast_typical": 0.02})
    write_tube(simulate_tube(ill), folder, "ill")
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference that has three populations in the wrong place, and CD81 of one."""
    spec = read_start("marrow")[0]
    normal = dict(spec.normal)
    for cloud, (marker, off) in DISPLACED.items():
        centre = normal[cloud].centre
        normal[cloud] = normal[cloud].model_copy(
            update={"centre": {**centre, marker: centre[marker] + off}}
        )
    path = tmp_path_factory.mktemp("start") / "displaced.yaml"
    path.write_bytes(text(spec.model_copy(update={"normal": normal, "name": "displaced"})))
    return path


@pytest.fixture(scope="module")
def seen(marrows: Path, start: Path) -> tuple[Seen, ...]:
    """All four tubes, measured with the displaced start."""
    reference = read_start(str(start))[1]
    return tuple(observe(Task(source=one, start=reference)) for one in find_files([marrows]))


def healthy(seen: tuple[Seen, ...]) -> list[Seen]:
    return [one for one in seen if not one.refused]


@pytest.mark.parametrize("cloud", list(DISPLACED))
def test_a_displaced_population_is_found_where_it_is(
    cloud: str, seen: tuple[Seen, ...], start: Path
):
    """Within 0.05 L, though every tube was measured with the wrong place."""
    built = learn(seen, read_start(str(start))[0], name="own", version="1.0.0")
    marker, _ = DISPLACED[cloud]
    truth = float(position(cloud, (marker,)).medians[0])
    found = built.spec.normal[cloud]
    assert found.centre[marker] == pytest.approx(truth, abs=0.05)
    assert found.tubes == len(SEEDS)
    assert found.events >= FEWEST_EVENTS * len(SEEDS)


def test_what_is_in_its_place_stays_there(seen: tuple[Seen, ...], start: Path):
    """Every marker of the learned populations, and their scatter."""
    before = read_start("marrow")[0]
    built = learn(seen, read_start(str(start))[0], name="own", version="1.0.0")
    for cloud in ("B_naive", "B_memory", "hematogone_III", "basophil"):
        found = built.spec.normal[cloud]
        assert abs(moved(before.normal[cloud], found)[1]) <= 0.12
        for axis in ("FSC-A", "SSC-A"):
            assert found.centre[axis] == pytest.approx(before.normal[cloud].centre[axis], rel=0.05)


def test_cells_on_their_way_make_no_stage_wide(seen: tuple[Seen, ...], start: Path):
    """The path is 3 L long in CD34; the spread around it is what a stage has."""
    before = read_start(str(start))[0]
    built = learn(seen, before, name="own", version="1.0.0")
    for stage in before.path:
        for axis, width in built.spec.normal[stage].spread.items():
            assert 0.4 * before.normal[stage].spread[axis] <= width
            assert width <= before.normal[stage].spread[axis]


def test_leukaemia_is_no_donor(seen: tuple[Seen, ...], start: Path):
    """It is refused by name, and changes nothing."""
    before = read_start(str(start))[0]
    built = learn(seen, before, name="own", version="1.0.0")
    (refused,) = built.refused
    assert refused.tube == "ill.fcs"
    assert "leukaemic" in refused.refused
    assert built.spec == learn(healthy(seen), before, name="own", version="1.0.0").spec


def test_order_and_processes_change_nothing(marrows: Path, tmp_path: Path):
    """The same tubes give the same bytes, forward, backward, and in two processes."""
    tubes = find_files([marrows])
    files = []
    for turn, (order, workers) in enumerate(((tubes, 0), (tubes[::-1], 2))):
        wanted = Wanted(name="own", version="1.0.0", out=tmp_path / str(turn) / "own.yaml")
        build(order, wanted, workers=workers)
        files.append(wanted.out.read_bytes())
    assert files[0] == files[1]


def test_the_file_names_nobody(marrows: Path, tmp_path: Path):
    """No file name, no folder, no hash of a tube."""
    wanted = Wanted(name="own", version="1.0.0", out=tmp_path / "own.yaml")
    built = build(find_files([marrows]), wanted)
    content = wanted.out.read_text(encoding="utf-8")
    assert "3 tubes (3 of them simulated) measured with b_all_mrd " in content
    assert "beginning with marrow " in content
    for word in ("iller", "ill.fcs", ".fcs", "1987", str(tmp_path), str(marrows)):
        assert word not in content
    assert not any(one.sha256[:8] in content for one in built.donors)
    assert list(tmp_path.iterdir()) == [wanted.out]


def test_what_too_few_tubes_show_stays_as_it_was(seen: tuple[Seen, ...], start: Path):
    """Every number of it, and the report says so; so do markers that the panel lacks."""
    before = read_start(str(start))[0]
    built = learn(seen, before, name="own", version="1.0.0")
    assert {"T_cell", "NK"} <= set(built.kept)
    for cloud in built.kept:
        assert built.spec.normal[cloud] == before.normal[cloud]
    assert built.axes_kept["B_naive"] == ("CD81", "CD73+CD304")
    for axis in built.axes_kept["B_naive"]:
        assert built.spec.normal["B_naive"].centre[axis] == before.normal["B_naive"].centre[axis]
    assert built.spec.leukaemic == before.leukaemic
    assert built.spec.path == before.path
    assert (built.spec.frequent, built.spec.mature) == (before.frequent, before.mature)
    assert before.frequent
    assert before.mature


def test_a_tube_that_shows_a_handful_says_nothing():
    """Its median is chance; with it the three tubes that it takes are not there."""
    tubes = made(3, centre={"CD20": [4.2] * 3})
    sight = replace(tubes[0].clouds["B_naive"], events=FEWEST_EVENTS - 1)
    tubes[0] = replace(tubes[0], clouds={"B_naive": sight})
    built = learn(tubes, begin(), name="a", version="1.0.0")
    assert built.kept["B_naive"] == f"tubes that show {FEWEST_EVENTS} events of it: 2, not 3"


def test_two_tubes_are_too_few(seen: tuple[Seen, ...], start: Path):
    """Nothing is built, and the reason of every refusal is said."""
    two = [*healthy(seen)[:2], *(one for one in seen if one.refused)]
    with pytest.raises(InputError, match=r"2 tubes can be learned from \(ill.fcs: .*leukaemic"):
        learn(two, read_start(str(start))[0], name="own", version="1.0.0")


def test_a_tube_given_twice_counts_once(seen: tuple[Seen, ...], start: Path):
    """Under another name, too: three times the same child are one child."""
    one, two, _ = healthy(seen)
    again = replace(one, tube="zz_copy.fcs")
    for order in ([one, two, again], [again, two, one]):
        with pytest.raises(InputError, match=r"zz_copy.fcs: it is the same tube as miller_701.fcs"):
            learn(order, read_start(str(start))[0], name="own", version="1.0.0")


def begin() -> ReferenceSpec:
    """The shipped reference with B_naive in a place that later versions do not move."""
    spec = read_start("marrow")[0]
    cloud = spec.normal["B_naive"]
    centre = {**cloud.centre, "CD20": 4.2, "CD19": 3.5, "SSC-A": 14_000.0}
    spread = {**cloud.spread, "CD20": 0.26, "CD19": 0.23, "SSC-A": 0.15}
    pinned = cloud.model_copy(update={"centre": centre, "spread": spread})
    leash = spec.leash.model_copy(update={"most": 0.6})
    return spec.model_copy(update={"normal": {**spec.normal, "B_naive": pinned}, "leash": leash})


def made(n_tubes: int, *, centre: dict[str, list[float]], spread: float = 0.2) -> list[Seen]:
    """Tubes that show B_naive in given places."""
    return [
        Seen(
            tube=f"{tube}",
            sha256=f"{tube}",
            template="made 1.0.0",
            clouds={
                "B_naive": Sight(
                    events=FEWEST_EVENTS,
                    centre={marker: places[tube] for marker, places in centre.items()},
                    spread=dict.fromkeys(centre, spread),
                )
            },
        )
        for tube in range(n_tubes)
    ]


@pytest.mark.parametrize(
    ("off", "usual"), [(0.0, 0.15), (0.1, 0.17), (0.5, 0.35)], ids=["alike", "usual", "apart"]
)
def test_the_leash_is_as_long_as_tubes_differ(off: float, usual: float):
    """1.4826 times the median distance from the median, of 5 tubes; never below 0.15."""
    places = [4.2 + off * step for step in (-2, -1, 0, 1, 2)]
    spec = learn(made(5, centre={"CD20": places}), begin(), name="a", version="1.0.0").spec
    assert spec.leash.usual == pytest.approx(usual)
    assert spec.leash.most == 0.6


def test_markers_that_are_absent_say_nothing_about_the_leash():
    """They cannot differ, and would make tubes look alike."""
    centre = {"CD20": [4.0, 4.2, 4.5, 4.3, 3.9], "CD34": [0.0] * 5}
    start = begin()
    both = learn(made(5, centre=centre), start, name="a", version="1.0.0").spec
    alone = {"CD20": centre["CD20"]}
    assert both.leash == learn(made(5, centre=alone), start, name="a", version="1.0.0").spec.leash
    assert both.leash.usual > 0.25


def test_the_rest_of_a_population_is_not_the_population():
    """What lies further off than a tube may move it is a part that gates left over."""
    tubes = made(3, centre={"CD20": [3.5, 3.5, 3.5], "CD19": [3.5, 3.5, 3.5]})
    start = begin()
    built = learn(tubes, start, name="a", version="1.0.0")
    assert "-0.70 off in CD20" in built.kept["B_naive"]
    assert built.spec.normal["B_naive"] == start.normal["B_naive"]


def test_a_part_that_a_gate_left_is_not_the_population():
    """It lies off and is narrow; what only lies off, or only is narrow, is learned."""
    start = begin()
    width = start.normal["B_naive"].spread["CD20"]
    for off, spread, cut in ((0.3, 0.6, True), (0.3, 1.0, False), (0.0, 0.6, False)):
        tubes = made(3, centre={"CD20": [4.2 + off] * 3}, spread=spread * width)
        built = learn(tubes, start, name="a", version="1.0.0")
        assert ("B_naive" in built.kept) is cut
    tubes = made(3, centre={"SSC-A": [20_000.0] * 3}, spread=0.08)
    kept = learn(tubes, start, name="a", version="1.0.0").kept
    assert kept["B_naive"] == "gates leave only a part of it, by SSC-A"


def test_a_width_of_nothing_is_no_width():
    """Events that all lie at a detector's end."""
    tubes = made(3, centre={"CD20": [4.2, 4.2, 4.2]}, spread=0.0)
    found = learn(tubes, begin(), name="a", version="1.0.0").spec
    assert found.normal["B_naive"].spread["CD20"] == 0.13


def test_scales_are_never_mixed():
    """Half of the tubes on another scale would give numbers that belong to neither."""
    tubes = made(4, centre={"CD20": [4.2] * 4})
    scales = [Scale(kind="asinh", t=1.0, m=float(1 + turn // 2), a=0.0) for turn in range(4)]
    mixed = [replace(one, scales={"CD20": scale}) for one, scale in zip(tubes, scales, strict=True)]
    with pytest.raises(InputError, match="CD20 has different scales"):
        learn(mixed, begin(), name="a", version="1.0.0")


def test_a_file_that_is_written_is_the_file_that_is_read():
    """In the layout of the shipped one: the same lines, its comments aside."""
    path = gate_folder() / "references" / "marrow.yaml"
    spec = parse_spec(path.read_bytes(), path.name)
    assert parse_spec(text(spec), "again") == spec
    lines = path.read_text(encoding="utf-8").splitlines()
    written = text(spec).decode().splitlines()
    assert written == [line for line in lines if not line.startswith("#")]


def test_numbers_of_an_earlier_build_keep_what_they_are_made_of():
    """A cloud that is not seen again still says how many tubes stand behind it."""
    start = begin()
    earlier = start.normal["NK"].model_copy(update={"tubes": 7, "events": 700})
    spec = ReferenceSpec.model_validate(
        {**start.model_dump(), "normal": {**start.normal, "NK": earlier}}
    )
    built = learn(made(3, centre={"CD20": [4.2] * 3}), spec, name="a", version="1.0.0").spec
    assert (built.normal["NK"].tubes, built.normal["NK"].events) == (7, 700)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"version": "1"}, "--version"),
        ({"name": "1st", "out": Path("1st.yaml")}, "--name"),
        ({"out": Path("other.yaml")}, "--out other.yaml"),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_work(change: dict[str, str], where: str):
    """No tube is opened for it."""
    wanted = replace(Wanted(name="own", version="1.0.0", out=Path("own.yaml")), **change)
    with pytest.raises(InputError) as error:
        build(plan_simulated(1, seed=700, events=1), wanted)
    assert error.value.where == where


def test_a_version_stands_for_its_numbers(tmp_path: Path):
    """Results name a reference by its version: other numbers under it, or below, are refused."""
    out = tmp_path / "marrow.yaml"
    spec = read_start("marrow")[0].model_copy(update={"version": "1.10.0"})
    out.write_bytes(text(spec))
    before = out.read_bytes()
    for version in ("1.10.0", "1.9.0", "1.0.0"):
        wanted = Wanted(name=spec.name, version=version, out=out)
        with pytest.raises(InputError, match=r"version 1\.10\.0 of it is there"):
            build(plan_simulated(1, seed=700, events=1), wanted)
    higher = Wanted(name=spec.name, version="1.11.0", out=out)
    with pytest.raises(InputError, match="tubes can be learned from"):
        build((), higher)
    assert out.read_bytes() == before


def test_nothing_learned_is_no_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Three tubes that show nothing whole: an error and no file."""
    tubes = [replace(one, clouds={}) for one in made(3, centre={})]
    monkeypatch.setattr("cytomon.reference.build.run_each", lambda *_, **__: tubes)
    with pytest.raises(InputError, match="no population was learned"):
        build((), Wanted(name="own", version="1.0.0", out=tmp_path / "own.yaml"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("marrows", [0, 1])
def test_blood_is_no_marrow(
    marrows: int, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
):
    """Mature B cells alone make no reference; beside marrow, the tubes are named."""
    mature = made(3, centre={"CD20": [4.2] * 3})
    stage = Sight(events=FEWEST_EVENTS, centre={}, spread={})
    tubes = [
        replace(one, clouds={**one.clouds, "hematogone_II": stage}) if turn < marrows else one
        for turn, one in enumerate(mature)
    ]
    monkeypatch.setattr("cytomon.reference.build.run_each", lambda *_, **__: tubes)
    out = tmp_path / "own.yaml"
    words = ["reference", "build", "--simulated=1", "--name=own", "--version=1.0.0"]
    code = main([*words, f"--out={out}"])
    said = capsys.readouterr().err
    assert code == (0 if marrows else 2)
    assert out.exists() is bool(marrows)
    if marrows:
        assert "is it marrow? 1 (0), 2 (0)" in said
    else:
        assert "none of the tubes shows 50 precursors" in said


def test_a_tube_named_twice(marrows: Path):
    """By itself and by its folder: refused before the work, never silently taken once."""
    with pytest.raises(InputError, match="given twice") as caught:
        find_files([marrows, marrows / "ill.fcs"])
    assert caught.value.where == "ill.fcs"


def test_a_folder_that_is_a_file(tmp_path: Path):
    """Noticed before any tube is measured."""
    (tmp_path / "file").write_text("")
    wanted = Wanted(name="own", version="1.0.0", out=tmp_path / "file" / "own.yaml")
    with pytest.raises(InputError, match="a file stands where a folder is expected"):
        build(plan_simulated(3, seed=700, events=10**12), wanted)


def test_what_is_no_reference_is_said_so():
    """A template, and a file of another kind."""
    with pytest.raises(InputError, match="this is a template"):
        read_start(str(gate_folder() / "b_all_mrd.yaml"))
    for name in ("x.csv", "references/marrow"):
        with pytest.raises(InputError, match=r"its name ends in \.yaml"):
            read_start(name)


def test_every_marker_that_moved_far_is_named(tmp_path: Path, capsys: Captured):
    """With its unit, and with what it is compared; not the farthest alone."""
    spec = begin()
    cloud = spec.normal["B_naive"]
    far = {"CD20": 0.3, "CD19": -0.5, "CD45": 0.29}
    centre = {axis: value + far.get(axis, 0.0) for axis, value in cloud.centre.items()}
    other = cloud.model_copy(update={"centre": centre})
    paths = []
    for name, made_of in (("one", cloud), ("two", other)):
        paths.append(tmp_path / f"{name}.yaml")
        normal = {**spec.normal, "B_naive": made_of}
        paths[-1].write_bytes(text(spec.model_copy(update={"normal": normal, "name": name})))
    assert main(["reference", "show", str(paths[1]), "--from", str(paths[0])]) == 0
    shown = capsys.readouterr().out
    assert f"moved against one {spec.version}, on L" in shown
    (row,) = (line for line in shown.splitlines() if line.startswith("B_naive"))
    assert row.rstrip().endswith("! CD19 -0.50, CD20 +0.30")
    assert shown.count("! ") == 1


def test_a_start_that_is_not_there(tmp_path: Path):
    """By name, and by path."""
    with pytest.raises(TemplateError, match="no reference 'morrow'"):
        read_start("morrow")
    with pytest.raises(InputError, match="cannot be opened"):
        read_start(str(tmp_path / "none.yaml"))


def test_simulated_tubes_are_of_many_children():
    """Each has its own seed; each panel has every state, plain and with full realism."""
    plans = [one.plan for one in plan_simulated(8, seed=700, events=100)]
    assert [plan.seed for plan in plans] == list(range(700, 724))
    assert len({(plan.panel, plan.state, plan.realism.heavy_tails) for plan in plans}) == 24
    assert all(plan.blasts == {} and plan.n_events == 100 for plan in plans)


def test_a_reference_of_simulated_tubes_says_so(seen: tuple[Seen, ...]):
    """Nobody shall take it for one of patients."""
    assert all(one.simulated for one in seen)
    tubes = made(3, centre={"CD20": [4.2] * 3})
    start = begin()
    made_of = learn(
        [replace(one, simulated=True) for one in tubes], start, name="a", version="1.0.0"
    ).spec.made_of
    assert made_of.startswith("3 tubes (3 of them simulated) measured with made 1.0.0, beginning ")


def test_build_and_show(marrows: Path, start: Path, tmp_path: Path, capsys: Captured):
    """One tube is refused: exit code 1; the table says what moved."""
    out = tmp_path / "references" / "own.yaml"
    words = ["reference", "build", str(marrows), "--name", "own", "--version", "2.0.0"]
    code = main([*words, "--out", str(out), "--from", str(start), "--jobs", "1"])
    said = capsys.readouterr()
    assert code == 1
    assert "refused: ill.fcs: " in said.err
    (kept,) = (line for line in said.err.splitlines() if "T_cell" in line)
    assert kept.startswith("kept as it was: ")
    assert "NK" in kept
    assert said.err.count("CD81, CD73+CD304 in every population") == 1
    assert main(["reference", "show", str(out), "--from", str(start)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("own 2.0.0: ")
    (row,) = (line for line in shown.splitlines() if line.startswith("B_naive"))
    assert row.split()[1] == "3"
    assert re.search(r"CD58 -0\.(2[5-9]|3[0-5])$", row.rstrip())


@pytest.mark.parametrize("words", [[], ["a.fcs", "--simulated", "3"]])
def test_tubes_or_simulated_tubes(words: list[str], tmp_path: Path, capsys: Captured):
    """Neither and both are refused."""
    out = str(tmp_path / "own.yaml")
    options = ["--name", "own", "--version", "1.0.0", "--out", out]
    assert main(["reference", "build", *words, *options]) == 2
    assert "fix:   name tubes or folders of tubes, or else give --simulated N" in (
        capsys.readouterr().err
    )
