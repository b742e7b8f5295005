"""A sandbox as a separate process, for tests over real HTTP, and a supplier connected to one."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from storefront.lib.security.encryption import encrypt
from tests.factories.feeds import make_feed_supplier


@dataclass
class SandboxProcess:
    """A running sandbox and its control API; ``usual`` are its arguments before ``words``."""

    folder: Path
    words: tuple[str, ...] = ()
    url: str = ""
    process: subprocess.Popen | None = None
    client: httpx.Client | None = None
    module: ClassVar[str]
    usual: ClassVar[tuple[str, ...]] = ()

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ["--port", "0", "--data", str(self.folder), *self.usual, *self.words]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        with self.process.stdout:
            said = self.process.stdout.readline()
        assert said.startswith("ready http://"), self.log.read_text()
        self.url = said.split()[1]
        self.client = httpx.Client(trust_env=False, timeout=30)
        return self

    def stop(self, number=signal.SIGTERM):
        self.client.close()
        self.process.send_signal(number)
        return self.process.wait(timeout=15)

    @property
    def log(self):
        return self.folder / "sandbox.log"

    def control(self, path, body=None, *, method=None):
        method = method or ("GET" if body is None else "POST")
        answer = self.client.request(method, f"{self.url}/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def fault(self, path, kind, **words):
        self.control("faults", {"path": path, "kind": kind, **words})

    def reset(self):
        self.control("reset", {})


def process_fixture(process_class):
    """Return a fixture of a process that runs until the end of all tests."""

    @pytest.fixture(scope="session")
    def process(tmp_path_factory):
        started = process_class(folder=tmp_path_factory.mktemp(process_class.__name__)).start()
        yield started
        started.stop()

    return process


def connect_supplier(adapter, *, code, currency, base_url, secrets, **options):
    """Create an active supplier and its connection to a running sandbox."""
    return make_feed_supplier(
        code=code,
        adapter=adapter,
        currency=currency,
        base_url=base_url,
        calls_per_second=1000,
        secrets_encrypted=encrypt(secrets),
        options=options,
    )
