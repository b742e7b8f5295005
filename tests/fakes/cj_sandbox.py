"""The CJ sandbox as a separate process, for tests over real HTTP.

Use:  from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier  (in a conftest.py)
"""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from storefront.lib.security.encryption import encrypt
from suppliers.models import Connection, Supplier
from tests.factories.connector_contexts import MemoryBudget
from tests.factories.suppliers import NOON

PRODUCTS = 24


@dataclass
class SandboxProcess:
    """A running sandbox and its control API."""

    folder: Path
    words: tuple[str, ...] = ()
    url: str = ""
    process: subprocess.Popen | None = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=30))
    module: ClassVar = "storefront.dev.sandboxes.cj"
    usual: ClassVar = ("--qps", "0")

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ["--port", "0", "--data", str(self.folder), "--count", str(PRODUCTS), *self.usual]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *words, *self.words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        with self.process.stdout:
            said = self.process.stdout.readline()
        assert said.startswith("ready http://"), self.log.read_text()
        self.url = said.split()[1]
        return self

    def stop(self, number=signal.SIGTERM):
        self.client.close()
        self.process.send_signal(number)
        return self.process.wait(timeout=15)

    @property
    def log(self):
        return self.folder / "sandbox.log"

    @property
    def api_url(self):
        return f"{self.url}/api2.0/v1/"

    def control(self, path, body=None):
        method = "GET" if body is None else "POST"
        answer = self.client.request(method, f"{self.url}/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def fault(self, path, kind, **words):
        self.control("faults", {"path": path, "kind": kind, **words})

    def reset(self):
        self.control("reset", {})
        self.control("faults/clear", {})
        self.control("drop_catalog", {"share": 0})


def connect(process, *, code="cj-sandbox", calls_per_second=1000):
    """Create the supplier and its connection to a running sandbox."""
    supplier = Supplier.objects.create(
        code=code,
        name="Sandbox",
        adapter="cj",
        currency="USD",
        status=Supplier.Status.ACTIVE,
        status_since=NOON,
    )
    Connection.objects.create(
        supplier=supplier,
        base_url=process.api_url,
        calls_per_second=calls_per_second,
        secrets_encrypted=encrypt({"api_key": DEFAULT_KEY}),
    )
    return supplier


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory):
    process = SandboxProcess(folder=tmp_path_factory.mktemp("sandbox")).start()
    yield process
    process.stop()


@pytest.fixture
def sandbox_supplier(sandbox_process, request, monkeypatch):
    """The running sandbox, reset.

    In a test inside one transaction, other threads cannot see its writes; there, the quota is
    counted in memory.
    """
    sandbox_process.reset()
    marks = list(request.node.iter_markers("django_db"))
    if not any(mark.kwargs.get("transaction") for mark in marks):
        monkeypatch.setattr(
            "suppliers.connections.factory.DatabaseQuotaCounter", lambda _: MemoryBudget()
        )
    return sandbox_process
