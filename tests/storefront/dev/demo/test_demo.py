import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from storefront.dev.demo import __main__, lock, secrets, startup, status_file
from storefront.dev.runtime import postgres
from storefront.dev.runtime.processes import Child, command_line

URLS = dict.fromkeys(status_file.LABELS, "http://127.0.0.1:8000/")
STAFF = {"email": "staff@fara.example", "password": "s3cret"}
SETTINGS = {"DATABASE_URL": "postgres://fara@127.0.0.1:5433/fara", "ENVIRONMENT": "local"}


@pytest.fixture(autouse=True)
def var(tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    return tmp_path


@pytest.fixture(autouse=True)
def _old_signal_handlers():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def sleeper(var, name="web"):
    return Child(
        name=name,
        command=[sys.executable, "-c", "import time; time.sleep(60)"],
        log=var / f"{name}.log",
        env=os.environ,
        cwd=var,
    )


@pytest.fixture
def open_shop(monkeypatch, var):
    """Let the demo have one process only, and press Ctrl-C once the demo is ready."""
    seen = {}

    def opens(supervisor, _var):
        child = sleeper(var)
        supervisor.start(child)
        lock.remember(var, supervisor.children)
        threading.Thread(target=press_ctrl_c).start()
        seen["child"] = child
        return startup.Opened(settings=SETTINGS, urls=URLS, staff=STAFF)

    def press_ctrl_c():
        while not (var / "demo.json").exists():
            time.sleep(0.01)
        seen["facts"] = json.loads((var / "demo.json").read_text())
        seen["mode"] = stat.S_IMODE((var / "demo.json").stat().st_mode)
        seen["second"] = subprocess.run(
            [sys.executable, "-m", "storefront.dev.demo"],
            capture_output=True,
            text=True,
            check=False,
        )
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(startup, "open_shop", opens)
    return seen


def test_ctrl_c_stops_everything_and_removes_the_status_file(open_shop, var, capsys):
    code = __main__.main([])

    facts, second = open_shop["facts"], open_shop["second"]
    assert (facts["urls"], facts["staff"]) == (URLS, STAFF)
    assert facts["pids"] == {"web": open_shop["child"].pid}
    assert open_shop["mode"] == 0o600
    assert second.returncode == code == 0
    assert "already running" in second.stdout
    assert URLS["shop"] in second.stdout
    assert not open_shop["child"].is_running
    assert not (var / "demo.json").exists()
    assert not (var / "demo.pids").exists()
    assert "The demo has stopped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environ", "launcher", "is_adopted"),
    [
        ({}, 0, True),
        ({"DATABASE_URL": "postgres://other"}, 0, False),
        ({"ENVIRONMENT": "test"}, 0, False),
        ({}, 2**22 + 1, False),  # a killed launcher: no process has this id
    ],
)
def test_a_command_uses_the_running_demo_unless_it_has_settings_of_its_own(
    var, monkeypatch, environ, launcher, is_adopted
):
    if launcher:
        monkeypatch.setattr(os, "getpid", lambda: launcher)
    status_file.hang_up(var, settings=SETTINGS, urls=URLS, staff=STAFF, children=[])
    found = {"VAR_DIR": str(var), **environ}

    status_file.adopt_settings(found)

    assert (found == {"VAR_DIR": str(var), **SETTINGS}) is is_adopted


def test_a_command_finds_the_programs_of_the_demos_postgresql(var):
    server = SimpleNamespace(name="postgres", pid=1)
    status_file.hang_up(var, settings=SETTINGS, urls=URLS, staff=STAFF, children=[server])
    found = {"VAR_DIR": str(var), "PATH": "/bin"}

    status_file.adopt_settings(found)

    assert found["PATH"] == f"{postgres.find_programs()}{os.pathsep}/bin"


def test_the_table_shows_the_password_below_the_address_of_the_admin():
    lines = status_file.table({"urls": URLS, "staff": STAFF}).splitlines()

    (row,) = (place for place, line in enumerate(lines) if STAFF["password"] in line)
    assert lines[row - 1].split()[0] == "Admin"


def test_a_failure_while_opening_stops_the_rest_and_says_what_to_do(monkeypatch, var, capsys):
    children = []

    def fails(supervisor, _var):
        children.append(sleeper(var))
        supervisor.start(children[0])
        raise __main__.NoFreePortError("Every port from 8000 on is taken.")

    monkeypatch.setattr(startup, "open_shop", fails)

    assert __main__.main([]) == 1
    assert not children[0].is_running
    assert "Every port from 8000 on is taken." in capsys.readouterr().err


def test_processes_left_by_a_killed_launcher_are_stopped_first(open_shop, var, capsys):
    abandoned = sleeper(var, "worker")
    abandoned.start()
    while not command_line(abandoned.pid):
        time.sleep(0.01)
    lock.remember(var, [abandoned])

    __main__.main([])

    assert abandoned.exit_code == -signal.SIGTERM
    assert "left by an earlier demo: worker" in capsys.readouterr().out


def test_reset_wipes_the_data_of_the_demo_and_keeps_other_files(open_shop, var):
    kept = var / "bench.json"
    for path in (kept, var / "demo.env", var / "mail/1.eml", var / "sandbox/ledger.jsonl"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")

    code = __main__.main(["reset"])

    assert code == 0
    assert not any((var / name).exists() for name in ("demo.env", "mail", "sandbox"))
    assert kept.exists()


def test_reset_does_not_touch_data_while_the_database_is_not_ours(monkeypatch, var, capsys):
    (var / "demo.env").write_text("SECRET_KEY=x\n")
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/x")

    assert __main__.main(["reset"]) == 1
    assert (var / "demo.env").exists()
    assert "DATABASE_URL is set" in capsys.readouterr().err


def test_secrets_are_created_once_and_are_private(var):
    first = secrets.load(var / "demo.env")
    second = secrets.load(var / "demo.env")

    assert first == second
    assert first["SECRET_KEY"] != secrets.fresh()["SECRET_KEY"]
    assert stat.S_IMODE((var / "demo.env").stat().st_mode) == 0o600


def test_a_catalog_is_fresh_for_an_hour_and_for_its_own_database_only(var):
    ours = "postgres://fara:x@127.0.0.1:4000/fara"
    assert not startup.is_fresh(var, database_url=ours)

    startup.mark(var, database_url=ours)

    assert startup.is_fresh(var, database_url=ours.replace("4000", "5000"))
    assert not startup.is_fresh(var, database_url="postgres://db.example/fara")
    os.utime(var / "demo.synced", (time.time() - 3700,) * 2)
    assert not startup.is_fresh(var, database_url=ours)
    startup.keep(var)
    assert startup.is_fresh(var, database_url=ours)
