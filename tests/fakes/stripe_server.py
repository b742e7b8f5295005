"""The local Stripe sandbox as a separate process, called through Stripe's own library.

Every test can use the fixture ``stripe`` (``pytest_plugins`` in ``tests/conftest.py``).
"""

import pytest

from orders.gateways import close_all
from tests.fakes.sandbox_process import SandboxProcess

KEY = "sk_test_tests_only"
HOOK_SECRET = "whsec_tests_only"
GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
POOR_CARD = "4000 0000 0000 9995"
ASKING_CARD = "4000 0025 0000 3155"
DISPUTING_CARD = "4000 0000 0000 0259"


class StripeProcess(SandboxProcess):
    """A running local Stripe sandbox and its control API."""

    module = "storefront.dev.sandboxes.stripe"
    usual = ("--webhook-url", "", "--secret", KEY, "--hook-secret", HOOK_SECRET)

    def fault(self, kind, **words):
        self.control("faults", {"kind": kind, **words})

    def webhooks(self, mode, **words):
        self.control("webhooks", {"mode": mode, **words})

    def deliveries(self):
        return self.control("deliveries")["deliveries"]

    def act(self, pay_url, action, **form):
        """Press a button of the payment page, as a browser would."""
        return self.client.post(pay_url, data={"action": action, **form})

    def pay(self, pay_url, card=GOOD_CARD):
        return self.act(pay_url, "pay", card=card)

    def things(self, kind):
        """List the stored objects of a kind, the oldest first."""
        return self.control("objects")[kind][::-1]

    @property
    def intent(self):
        (found,) = self.things("payment_intent")
        return found

    def events(self):
        return self.control("events")["events"]

    def call(self, path, form=None, **headers):
        """Call the API without Stripe's library."""
        known = {"authorization": f"Bearer {KEY}", "stripe-version": "2026-10-28.endive"}
        method = "GET" if form is None else "POST"
        return self.client.request(
            method, f"{self.url}/v1/{path}", data=form, headers={**known, **headers}
        )


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory):
    process = StripeProcess(folder=tmp_path_factory.mktemp("stripe")).start()
    yield process
    close_all()
    process.stop()


@pytest.fixture
def stripe(stripe_process, settings):
    """An empty local Stripe sandbox without faults or webhooks; the shop's settings point to it."""
    stripe_process.control("reset", {})
    stripe_process.control("webhooks", {"mode": "normal", "url": ""})
    settings.PAYMENT_GATEWAY = "stripe"
    settings.STRIPE_API_URL = stripe_process.url
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRET = HOOK_SECRET
    return stripe_process
