"""The whole demo, started as by `make demo`, in a temporary folder."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from storefront.dev.runtime import datastores

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN_S = 600  # four test workers use the processors meanwhile
STOPPED_WITHIN_S = 40


@dataclass
class Demo:
    """A running demo: its addresses, and a way to run commands in its environment."""

    var: Path
    process: subprocess.Popen
    log: Path

    @property
    def facts(self):
        return json.loads((self.var / "demo.json").read_text())

    @property
    def shop(self):
        return self.facts["urls"]["shop"]

    def manage(self, *words, timeout=180):
        """Run a management command that finds the demo by itself."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**surroundings(), "VAR_DIR": str(self.var), "LOG_LEVEL": "WARNING"},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def surroundings():
    """Return the environment without the datastores and secrets of the test run."""
    ours = {"ENVIRONMENT", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"}
    return {name: value for name, value in os.environ.items() if name not in ours}


@pytest.fixture(scope="package")
def demo(tmp_path_factory):
    var = tmp_path_factory.mktemp("demo")
    log = var / "launcher.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "storefront.dev.demo"],
            cwd=ROOT,
            env={**surroundings(), "VAR_DIR": str(var), "DEMO_PORT": "18600"},
            stdout=output,
            stderr=output,
        )
    running = Demo(var=var, process=process, log=log)
    deadline = time.monotonic() + READY_WITHIN_S
    while not (var / "demo.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            pytest.fail(f"the demo did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.3)
    yield running
    process.send_signal(signal.SIGINT)
    process.wait(timeout=STOPPED_WITHIN_S)
    datastores.wipe(var)  # as root, PostgreSQL stores its data elsewhere
