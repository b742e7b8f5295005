import pytest

from notifications import senders
from tests.fakes.notification_sender import Fake


@pytest.fixture
def post(monkeypatch):
    """A sender of e-mails that records them."""
    Fake.forget()
    monkeypatch.setitem(senders.SENDERS, "email", "tests.fakes.notification_sender.Fake")
    return Fake
