"""The SMS sandbox as a separate process. Every test can use the fixture ``twilio``."""

import pytest

from tests.fakes.sandbox_process import SandboxProcess, process_fixture

ACCOUNT, TOKEN, SENDER = f"AC{'1' * 32}", "tests only", "+15005550006"
HOOK_URL = "http://127.0.0.1:8000/hooks/twilio/"


class TwilioProcess(SandboxProcess):
    """A running SMS sandbox and its control API; it posts no callback while a test runs."""

    module = "storefront.dev.sandboxes.twilio"
    usual = ("--account", ACCOUNT, "--token", TOKEN, "--hook-url", HOOK_URL, "--pace", "3600")

    def messages(self):
        return self.control("messages")


twilio_process = process_fixture(TwilioProcess)


@pytest.fixture
def twilio(twilio_process, settings):
    """An empty SMS sandbox without faults; the shop's settings point to it."""
    twilio_process.reset()
    settings.TWILIO_API_URL = twilio_process.url
    settings.TWILIO_ACCOUNT_SID = ACCOUNT
    settings.TWILIO_AUTH_TOKEN = TOKEN
    settings.TWILIO_FROM = SENDER
    return twilio_process
