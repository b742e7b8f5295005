"""The webhook receiver as a separate process. Every test can use the fixture ``receiver``."""

import pytest

from tests.fakes.sandbox_process import SandboxProcess, process_fixture


class ReceiverProcess(SandboxProcess):
    """A running receiver of events and its control API."""

    module = "storefront.dev.sandboxes.webhook_receiver"

    def address(self, name, secret):
        """Give a receiver its secret; return its address."""
        return self.control("secret", {"receiver": name, "secret": secret})["url"]

    def messages(self):
        return self.control("messages")

    def problems(self):
        return self.control("problems")


receiver_process = process_fixture(ReceiverProcess)


@pytest.fixture
def receiver(receiver_process):
    """A receiver without messages and faults."""
    receiver_process.reset()
    return receiver_process
