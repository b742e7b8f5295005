"""The 17TRACK sandbox in the test process.

Every test can use the fixture ``tracking_provider`` (``pytest_plugins`` in ``tests/conftest.py``).
"""

import pytest

from shipping.trackers import registry
from shipping.trackers.seventeen_track.client import SeventeenTrack
from storefront.dev.sandboxes.seventeen_track import webhooks
from storefront.dev.sandboxes.seventeen_track.server import Server
from storefront.dev.sandboxes.seventeen_track.state import Rules, SandboxState
from storefront.lib.http.observers import LoggingObserver
from tests.fakes.running_server import RunningServer

KEY = "a-key-of-17track"


class TrackingProviderSandbox(RunningServer):
    """A running sandbox; parcels move only when told to. It posts webhooks when told to."""

    def __init__(self, folder, **rules):
        state = SandboxState(folder=folder, rules=Rules(**{"key": KEY, "qps": 0} | rules))
        super().__init__(Server(("127.0.0.1", 0), state=state), state)

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
