"""The test gateway as a process of its own, for tests that want the real joint.

Use:  from tests.fakes.payment_gateway import gateway_process, test_gateway  (in a conftest.py)
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from orders.gateways import close_all

SECRET = "whsec_dGVzdHMtb25seS1hbmQta25vd24tdG8tZXZlcnlib2R5"
GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
ASKING_CARD = "4000 0000 0000 3155"
LATE_CARD = "4000 0000 0000 0341"
LATE_S = 0.4


@dataclass
class GatewayProcess:
    """One running gateway, and what a tester may do to it."""

    folder: Path
    secret: str = SECRET
    url: str = ""
    process: subprocess.Popen | None = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    def start(self):
        words = ["--port", "0", "--data", str(self.folder), "--secret", self.secret]
        words += ["--late-s", str(LATE_S), "--webhook-url", ""]
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "storefront.dev.sandboxes.gateway", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        with self.process.stdout:
            said = self.process.stdout.readline()
        assert said.startswith("ready http://"), self.log.read_text()
        self.url = said.split()[1]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    @property
    def log(self):
        return self.folder / "gateway.log"

    def control(self, path, body=None, *, method=None):
        method = method or ("GET" if body is None else "POST")
        answer = self.client.request(method, f"{self.url}/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def fault(self, kind, **words):
        self.control("faults", {"kind": kind, **words})

    def webhooks(self, mode, **words):
        self.control("webhooks", {"mode": mode, **words})

    def act(self, pay_url, action, **form):
        """Press a button on the page, as a browser would."""
        return self.client.post(pay_url, data={"action": action, **form})

    def pay(self, pay_url, card=GOOD_CARD):
        return self.act(pay_url, "pay", card=card)

    def payments(self):
        return self.control("payments")["payments"]

    def events(self):
        return self.control("events")["events"]

    def deliveries(self):
        return self.control("deliveries")["deliveries"]


def eventually(fact, *, within_s=5.0):
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + within_s
    while not (result := fact()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return result


@pytest.fixture(scope="session")
def gateway_process(tmp_path_factory):
    gateway = GatewayProcess(folder=tmp_path_factory.mktemp("gateway"))
    gateway.start()
    yield gateway
    close_all()
    gateway.stop()
    gateway.client.close()


@pytest.fixture
def test_gateway(gateway_process, settings):
    """An empty gateway on a good day, which the shop's settings point at; it posts to nobody."""
    gateway_process.control("reset", {})
    gateway_process.webhooks("normal", url="")
    settings.PAYMENT_GATEWAY = "test"
    settings.TEST_GATEWAY_URL = gateway_process.url
    settings.TEST_GATEWAY_SECRET = gateway_process.secret
    return gateway_process
