"""The 17TRACK sandbox in the test process, with its own directory.

Every test can use the fixture ``tracking_provider`` (``pytest_plugins`` in ``tests/conftest.py``).
"""

import threading

import httpx
import pytest

from shipping.trackers import registry
from shipping.trackers.seventeen_track.client import SeventeenTrack
from storefront.dev.sandboxes.seventeen_track import webhooks
from storefront.dev.sandboxes.seventeen_track.server import Server
from storefront.dev.sandboxes.seventeen_track.state import Rules, SandboxState
from storefront.lib.http.observers import LoggingObserver

KEY = "a-key-of-17track"


class TrackingProviderSandbox:
    """A running sandbox; parcels move only when told to. It posts webhooks when told to."""

    def __init__(self, folder, **rules):
        self.state = SandboxState(folder=folder, rules=Rules(**{"key": KEY, "qps": 0} | rules))
        self.server = Server(("127.0.0.1", 0), state=self.state)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.client = httpx.Client(base_url=self.url, trust_env=False, timeout=10)

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

    def clear_faults(self):
        self.client.post("/control/faults/clear")

    def numbers(self):
        """Return how often each number was registered, with its tag."""
        return {row["number"]: (row["tag"], row["times"]) for row in self.control("numbers")}

    def webhooks(self):
        """Return the stored webhooks as body and headers, the oldest first."""
        return [
            (row["body"].encode(), {"sign": webhooks.signature(row["body"].encode(), key=KEY)})
            for row in self.control("messages")
        ]

    def open_client(self, **changes):
        return SeventeenTrack(
            **{"base_url": self.url, "keys": [KEY], "gate": LoggingObserver()} | changes
        )


@pytest.fixture
def tracking_provider(tmp_path, settings):
    """An empty sandbox; the shop's settings point to it, and it waits for no supplier."""
    sandbox = TrackingProviderSandbox(tmp_path / "17track")
    settings.SEVENTEEN_TRACK_URL = sandbox.url
    settings.SEVENTEEN_TRACK_KEY = KEY
    settings.TRACKING_GRACE_MIN = 0
    yield sandbox
    registry.close_all()
    sandbox.close()
