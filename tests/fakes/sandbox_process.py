"""A sandbox as a separate process, for tests over real HTTP, and a supplier connected to one."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import httpx

from storefront.lib.security.encryption import encrypt
from suppliers.models import Connection, Supplier
from tests.factories.suppliers import NOON


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


def connect_supplier(adapter, *, code, currency, base_url, secrets, **options):
    """Create an active supplier and its connection to a running sandbox."""
    supplier = Supplier.objects.create(
        code=code,
        name=code,
        adapter=adapter,
        currency=currency,
        status=Supplier.Status.ACTIVE,
        status_since=NOON,
        new_product_status=Supplier.NewProductStatus.LIVE,
        product_changes=Supplier.ProductChanges.APPLY,
    )
    Connection.objects.create(
        supplier=supplier,
        base_url=base_url,
        calls_per_second=1000,
        secrets_encrypted=encrypt(secrets),
        options=options,
    )
    return supplier
