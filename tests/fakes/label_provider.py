"""The Sendcloud sandbox in the test process.

Every test can use the fixture ``label_provider`` (``pytest_plugins`` in ``tests/conftest.py``).
"""

import json
import time

import pytest

from shipping.models import ReturnLabelAccount
from shipping.return_labels import accounts
from shipping.return_labels.sendcloud.client import Sendcloud
from storefront.dev.sandboxes.sendcloud.server import Server
from storefront.dev.sandboxes.sendcloud.state import Rules, SandboxState
from storefront.lib.http.observers import LoggingObserver
from storefront.lib.security.encryption import encrypt
from tests.factories.suppliers import NOON
from tests.fakes.running_server import RunningServer

PUBLIC_KEY, SECRET_KEY = "a-public-key", "a-secret-key"


class LabelProviderSandbox(RunningServer):
    """A running sandbox whose clock shows noon, as that of the shop."""

    def __init__(self, folder, **rules):
        keys = {"public_key": PUBLIC_KEY, "secret_key": SECRET_KEY}
        state = SandboxState(folder=folder, rules=Rules(**keys | rules))
        state.ahead_s = NOON.timestamp() - time.time()
        super().__init__(Server(("127.0.0.1", 0), state=state), state)
        self.api_url = f"{self.url}/api/v3/"

    def labels(self):
        """Return the ordered labels, the oldest first: what the provider bills."""
        return self.control("labels")[::-1]

    def sent(self):
        """Return the body of the last order."""
        return json.loads(self.labels()[-1]["body"])

    def scan(self, label):
        self.control("scan", {"id": int(label.external_id)})

    def open_client(self, **changes):
        known = {"base_url": self.api_url, "public_key": PUBLIC_KEY, "secret_key": SECRET_KEY}
        return Sendcloud(**known | {"gate": LoggingObserver()} | changes)


@pytest.fixture
def label_provider(tmp_path, settings, monkeypatch):
    """An empty sandbox; the shop's settings point to it."""
    sandbox = LabelProviderSandbox(tmp_path / "sendcloud")
    settings.SENDCLOUD_URL = sandbox.api_url
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
