"""The web server restarts a worker process that dies, and keeps serving the shop."""

import os
import signal
import subprocess
import urllib.request
from dataclasses import fields
from pathlib import Path

from storefront.dev.bench.harness.resources import descendants
from storefront.dev.demo import processes
from storefront.dev.runtime.ports import free_port
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[4]
WORKERS = 2
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_a_killed_web_process_is_replaced_and_the_others_go_on(tmp_path):
    (tmp_path / "fine.py").write_text(APPLICATION)
    ports = processes.Ports(**{one.name: free_port() for one in fields(processes.Ports)})
    stage = processes.Stage(root=ROOT, var=tmp_path, ports=ports, env={})
    words = [*processes.web(stage).command[:-1], "--workers", str(WORKERS), "fine:application"]
    words[words.index("granian")] = "storefront.server"  # as in production
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(words, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(ports.web), within_s=20)
        eventually(lambda: len(descendants(server.pid)) == WORKERS, within_s=20)
        first, *others = descendants(server.pid)

        os.kill(first, signal.SIGKILL)

        eventually(lambda: first not in descendants(server.pid), within_s=20)
        eventually(lambda: len(descendants(server.pid)) == WORKERS, within_s=20)
        assert set(others) < set(descendants(server.pid))
        assert answers(ports.web)
        assert server.poll() is None
    finally:
        server.terminate()
        server.wait(timeout=15)


def test_container_starts_its_web_server_with_the_same_option():
    assert '"--respawn-failed-workers"' in (ROOT / "Dockerfile").read_text()
