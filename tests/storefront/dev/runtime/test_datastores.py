import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from storefront.dev.runtime import datastores, postgres, redis_server, unprivileged
from storefront.dev.runtime.processes import command_line
from storefront.dev.runtime.supervisor import Supervisor


def processes_of(folder):
    """List every process whose command line names a folder."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if str(folder) in command_line(pid)]


@pytest.fixture
def start(tmp_path):
    supervisors = []

    def go(*, environ=None, is_throwaway=True):
        stores = datastores.prepare(
            home=tmp_path, logs=tmp_path, environ=environ or {}, is_throwaway=is_throwaway
        )
        supervisor = Supervisor()
        supervisors.append(supervisor)
        for child in stores.children:
            supervisor.start(child)
        supervisor.wait_until_ready(stores.children)
        return stores, supervisor

    yield go
    for supervisor in supervisors:
        supervisor.stop([["redis"], ["postgres"]])
    datastores.wipe(tmp_path)


def test_datastores_start_on_free_ports_and_leave_no_process_or_file(start, tmp_path):
    tmp_path.chmod(0o700)  # a service account cannot enter it
    stores, supervisor = start()
    with psycopg.connect(stores.addresses["DATABASE_URL"]) as connection:
        major = connection.info.server_version // 10_000
        (sorting,) = connection.execute("SELECT 'Z' < 'a' AND upper('ə') = 'Ə'").fetchone()
    is_redis_well = redis.from_url(stores.addresses["REDIS_URL"]).ping()
    places = [(tmp_path / name).resolve() for name in ("postgres", "redis")]

    supervisor.stop([["redis"], ["postgres"]])
    datastores.wipe(tmp_path)

    assert (major, sorting, is_redis_well) == (18, True, True)
    assert [pid for place in places for pid in processes_of(place)] == []
    assert not any(place.exists() for place in places)


def test_datastores_refuse_wrong_passwords(start):
    stores, _ = start()
    without = {name: url.replace(":", ":wrong", 2) for name, url in stores.addresses.items()}
    database = without["DATABASE_URL"].replace(":wrong//", "://")
    cache = without["REDIS_URL"].replace(":wrong//", "://")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database)
    with pytest.raises(redis.AuthenticationError):
        redis.from_url(cache).ping()


def test_data_of_a_demo_survives_a_restart_and_uses_fsync(start):
    stores, supervisor = start(is_throwaway=False)
    with psycopg.connect(stores.addresses["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE lamp AS SELECT 'PD36' AS model")
        (fsync,) = connection.execute("SHOW fsync").fetchone()
    supervisor.stop([["redis"], ["postgres"]])

    again, _ = start(is_throwaway=False)

    with psycopg.connect(again.addresses["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT model FROM lamp").fetchone() == ("PD36",)
    assert fsync == "on"
    named = {"DATABASE_URL": "postgres://x@db.example/x", "REDIS_URL": "redis://cache.example/0"}
    unstarted, _ = start(environ=named)
    assert (unstarted.children, unstarted.addresses) == ((), {})


def test_servers_of_a_killed_launcher_are_restarted(start):
    stores, _ = start(is_throwaway=False)
    abandoned = [child.pid for child in stores.children]

    again, _ = start(is_throwaway=False)

    assert [child.is_running for child in stores.children] == [False, False]
    assert not set(abandoned) & {child.pid for child in again.children}
    with psycopg.connect(again.addresses["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_pid_file_with_the_id_of_another_process_does_not_block(start, tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    _, supervisor = start(is_throwaway=False)
    note = (tmp_path / "postgres").resolve() / "data/postmaster.pid"
    kept = note.read_text().splitlines()
    supervisor.children[0].process.send_signal(signal.SIGKILL)
    supervisor.stop([["redis"], ["postgres"]])
    note.write_text("\n".join([str(stranger.pid), *kept[1:], ""]))

    again, _ = start(is_throwaway=False)

    assert again.children[0].is_running
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_data_whose_clone_was_deleted_is_found_and_other_data_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(unprivileged, "LASTING", tmp_path)
    for name in ("kept", "deleted"):
        home = tmp_path / f"fara-{name}"
        (home / "data").mkdir(parents=True)
        (tmp_path / name).symlink_to(home)
        (home / unprivileged.BACKWARD).write_text(str(tmp_path / name))
    (tmp_path / "deleted").unlink()

    abandoned = unprivileged.abandoned_homes()
    for home in abandoned:
        postgres.remove(home)

    assert abandoned == [tmp_path / "fara-deleted"]
    assert (tmp_path / "kept/data").exists()
    assert not (tmp_path / "fara-deleted").exists()


def test_without_programs_the_error_says_what_to_install(monkeypatch):
    for module in (postgres, redis_server):
        monkeypatch.setattr(module, "find_spec", lambda _name: None)
    monkeypatch.setattr(postgres, "_major", lambda _folder: 0)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(postgres.PostgresError, match=r"apt-get install postgresql.*DATABASE_URL"):
        postgres.find_programs()
    with pytest.raises(redis_server.RedisError, match=r"apt-get install redis-server.*REDIS_URL"):
        redis_server.find_program()
