"""A password, wherever it stands in an address, is in nothing that cytomon writes or says."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import make_url

from cytomon.cli.main import main
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.privacy.search import hits
from tests.store.conftest import new_schema, postgres  # noqa: F401

SECRET = "Wvzqhunter"  # noqa: S105  (made up)
"""Begins every password here."""
NOWHERE = "127.0.0.1:9"
ADDRESSES = {
    "before the host": f"postgresql://lab:{SECRET}@{NOWHERE}/flow",
    "with signs": f"postgresql+psycopg://lab:{quote(SECRET + '@/:?#', safe='')}@{NOWHERE}/flow",
    "signs as they are": f"postgresql://lab:{SECRET}?#:/@{NOWHERE}/flow",
    "an @ as it is": f"postgresql://lab:a@{SECRET}@{NOWHERE}/flow",
    "in place of a user": f"postgresql://lab%3A{SECRET}@{NOWHERE}/flow",
    "behind the host": f"postgresql:///lab:{SECRET}@{NOWHERE}/flow",
    "as a port": f"postgresql://lab:{SECRET}/flow",
    "a query": f"postgresql://lab@{NOWHERE}/flow?password={SECRET}",
    "of a key": f"postgresql://lab@{NOWHERE}/flow?sslpassword={SECRET}&sslkey=k",
    "a file of it": f"postgresql://lab@{NOWHERE}/flow?passfile=/home/{SECRET}",
    "an unknown word": f"postgresql://lab@{NOWHERE}/flow?{SECRET}={SECRET}",
    "a plugin": f"postgresql://lab@{NOWHERE}/flow?plugin={SECRET}",
    "words of libpq": f"host=127.0.0.1 port=9 dbname=flow password={SECRET}",
    "another database": f"mysql://lab:{SECRET}@{NOWHERE}/flow",
    "of a file": f"sqlite:///s.db?password={SECRET}",
}
COMMANDS = (
    "batch in --out=out --figures=none --jobs=1", "import --patients=in/p.csv", "track",
    "report --all --out=reports", "cohort --out=cohort", "audit verify", "audit log",
    "review --list", "sign S1", "user list",
)  # fmt: skip
Captured = pytest.CaptureFixture[str]
Say = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small marrow."""
    plan = TubePlan(state="BM_d28_BCA", n_events=500, seed=3)
    return write_tube(simulate_tube(plan), tmp_path_factory.mktemp("tube"), "t")


@pytest.fixture
def say(tube: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Say:
    """Give a command in a folder of lists and one tube; its exit code, and all that was said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYTOMON_CACHE", "cache")
    monkeypatch.setenv("CYTOMON_USER", "ada")
    Path("in").mkdir()
    shutil.copy(tube, "in")
    Path("in/p.csv").write_text("patient_id,infusion_date,product\nK1,2026-01-12,x\n")

    def give(line: str) -> tuple[int, str]:
        code = main(line.split())
        said = capsys.readouterr()
        return code, said.out + said.err

    return give


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_server_that_does_not_answer(
    name: str, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Named in the environment, and in the command; the reason is said, the password never."""
    address = ADDRESSES[name]
    monkeypatch.setenv("CYTOMON_STORE", address)
    said = [say(line) for line in (COMMANDS if name == "before the host" else COMMANDS[:2])]
    if " " not in address:
        monkeypatch.delenv("CYTOMON_STORE")
        said.append(say(f"track --store={address}"))

    assert {code for code, _ in said} == {2}
    assert hits([SECRET], folders=[tmp_path], texts=[text for _, text in said]) == []


@pytest.mark.long
def test_a_server_that_answers(
    request: pytest.FixtureRequest, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Kept in record, memory and reports: the store's name without it."""
    server = make_url(new_schema(request.getfixturevalue("postgres")))
    url = server.set(password=SECRET).update_query_dict({"sslpassword": SECRET})
    monkeypatch.setenv("CYTOMON_STORE", url.render_as_string(hide_password=False))
    said = [say(line) for line in COMMANDS if "sign" not in line]

    assert [text for code, text in said if code] == []
    assert any("tester:***@127.0.0.1" in text for _, text in said)
    assert "tester:***@127.0.0.1" in (tmp_path / "out" / "run.json").read_text()
    assert any((tmp_path / "cache").iterdir())
    assert hits([SECRET], folders=[tmp_path], texts=[text for _, text in said]) == []


def test_a_defect_tells_none_of_it(say: Say, monkeypatch: pytest.MonkeyPatch):
    """Where it happened is said, and neither what was asked for nor what the error holds."""

    def broken(*_: object) -> int:
        secret = SECRET
        raise RuntimeError(secret)

    monkeypatch.setattr("cytomon.store.open.layout_of", broken)
    monkeypatch.setenv("CYTOMON_STORE", "sqlite:///there.db")
    Path("there.db").touch()
    code, said = say("track")

    assert code == 70
    assert "defect of cytomon" in said
    assert hits([SECRET], folders=[], texts=[said]) == []


@pytest.mark.parametrize(
    "scheduler",
    [
        f"tcp://me:{SECRET}@127.0.0.1:9", f"tls://me:{SECRET}@127.0.0.1:9", f"{SECRET}@127.0.0.1:9",
        f"tcp://127.0.0.1:9?password={SECRET}", f"tcp://me:{SECRET}/@127.0.0.1:9", f"{SECRET}://x:9",
    ],
)  # fmt: skip
def test_a_scheduler_with_a_login(scheduler: str, say: Say, tmp_path: Path):
    """Dask knows none; whoever gives one does not find it in a log."""
    code, said = say(f"batch in --out=out --scheduler={scheduler} --store=sqlite:///s.db")

    assert code == 2
    assert "--scheduler" in said
    assert hits([SECRET], folders=[tmp_path], texts=[said]) == []
