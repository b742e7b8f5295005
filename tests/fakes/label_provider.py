"""The Sendcloud sandbox in the test process, with its own directory.

Every test can use the fixture ``label_provider`` (``pytest_plugins`` in ``tests/conftest.py``).
"""

import json
import threading
import time

import httpx
import pytest

from shipping.models import ReturnLabelAccount
from shipping.return_labels import accounts
from shipping.return_labels.sendcloud.client import Sendcloud
from storefront.dev.sandboxes.sendcloud.server import Server
from storefront.dev.sandboxes.sendcloud.state import Rules, SandboxState
from storefront.lib.http.observers import LoggingObserver
from storefront.lib.security.encryption import encrypt
from tests.factories.suppliers import NOON

PUBLIC_KEY, SECRET_KEY = "a-public-key", "a-secret-key"


class LabelProviderSandbox:
    """A running sandbox whose clock shows noon, as that of the shop."""

    def __init__(self, folder, **rules):
        keys = {"public_key": PUBLIC_KEY, "secret_key": SECRET_KEY}
        self.state = SandboxState(folder=folder, rules=Rules(**keys | rules))
        self.state.ahead_s = NOON.timestamp() - time.time()
        self.server = Server(("127.0.0.1", 0), state=self.state)
        self.state.base_url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{self.state.base_url}/api/v3/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.client = httpx.Client(base_url=self.state.base_url, trust_env=False, timeout=10)

    def close(self):
        self.client.close()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=10)
        self.state.ledger.close()

    def control(self, name, /, **body):
        answer = self.client.request("POST" if body else "GET", f"/control/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def fault(self, kind, path="*", **words):
        self.control("faults", kind=kind, path=path, **words)

    def labels(self):
        """Return the ordered labels, the oldest first: what the provider bills."""
        return self.control("labels")[::-1]

    def sent(self):
        """Return the body of the last order."""
        return json.loads(self.labels()[-1]["body"])

    def scan(self, label):
        self.control("scan", id=int(label.external_id))

    def open_client(self, **changes):
        known = {"base_url": self.url, "public_key": PUBLIC_KEY, "secret_key": SECRET_KEY}
        return Sendcloud(**known | {"gate": LoggingObserver()} | changes)


@pytest.fixture
def label_provider(tmp_path, settings, monkeypatch):
    """An empty sandbox; the shop's settings point to it."""
    sandbox = LabelProviderSandbox(tmp_path / "sendcloud")
    settings.SENDCLOUD_URL = sandbox.url
    # Tests that run at the same time share the limit, and their clocks differ.
    monkeypatch.setattr(accounts, "CALLS_PER_SECOND", 1_000_000)
    yield sandbox
    sandbox.close()


@pytest.fixture
def connected(label_provider, db):
    """The sandbox, connected with its keys."""
    ReturnLabelAccount.objects.create(
        public_key=PUBLIC_KEY, secret_encrypted=encrypt({accounts.SECRET_KEY: SECRET_KEY})
    )
    return label_provider
