import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storefront.dev.runtime import with_datastores
from storefront.dev.runtime.processes import command_line

WRAPPER = [sys.executable, "-m", "storefront.dev.runtime.with_datastores"]
WRITE_URL_AND_WAIT = (
    "import os, pathlib, sys, time; "
    "pathlib.Path(sys.argv[1]).write_text(os.environ['DATABASE_URL']); time.sleep(60)"
)
QUERY_DATABASE = (
    "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1'); "
)


@pytest.fixture
def env():
    return {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL"}
    }


def test_a_command_gets_a_database_and_its_exit_code_is_passed_on(env):
    done = subprocess.run(
        [*WRAPPER, sys.executable, "-W", "ignore", "-c", QUERY_DATABASE + "raise SystemExit(7)"],
        env=env,
        check=False,
    )

    assert done.returncode == 7


def test_folder_of_a_killed_process_is_deleted_by_the_next_one(tmp_path):
    abandoned = tmp_path / "abandoned"
    (abandoned / "redis").mkdir(parents=True)
    program = [sys.executable, "-c", "import time; time.sleep(60)", "redis-server"]
    server = subprocess.Popen([*program, abandoned / "redis/redis.conf"])
    while not command_line(server.pid):
        time.sleep(0.01)
    (abandoned / "redis/redis.pid").write_text(str(server.pid))

    with with_datastores.throwaway_folder(tmp_path) as mine:
        with with_datastores.throwaway_folder(tmp_path) as neighbor:
            both_exist = mine.exists() and neighbor.exists()

        assert mine.exists()
        assert not neighbor.exists()

    assert both_exist
    assert not abandoned.exists()
    assert server.wait(timeout=5) == -signal.SIGTERM
    assert not list(tmp_path.glob("*/"))


def test_sigterm_stops_the_command_and_the_servers(env, tmp_path):
    note = tmp_path / "database"
    command = [sys.executable, "-c", WRITE_URL_AND_WAIT, note]
    wrapper = subprocess.Popen([*WRAPPER, *command], env=env, stdin=subprocess.DEVNULL)
    while not note.exists() or not note.read_text():
        assert wrapper.poll() is None
        time.sleep(0.05)
    port = note.read_text().rsplit(":", 1)[1].split("/")[0]

    wrapper.send_signal(signal.SIGTERM)

    assert wrapper.wait(timeout=20) == 128 + signal.SIGTERM
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    assert not [pid for pid in pids if f"port={port}" in command_line(pid)]
