"""A worker is killed while it sends a message: the message is never resent without staff."""

import signal
import subprocess
import sys

import pytest

from notifications import dispatch, tasks
from notifications.models import SENDING_TIMEOUT, Message
from tests.e2e.worker_process import surroundings
from tests.factories.notifications import make_delivery
from tests.notifications.smtp_servers import BadServer, mailbox, mailers

pytestmark = pytest.mark.django_db(transaction=True)

RUN = "import django; django.setup(); from notifications.tasks import send; send(delivery_id={})"


def start_worker(delivery, port, **env):
    """Run the task in its own process on the test database."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN.format(delivery.pk)],
        env={**surroundings(), "SMTP_URL": f"smtp://127.0.0.1:{port}", **env},
    )


def deliver_again_and_sweep(delivery):
    """The broker hands the dead worker's task to another worker, and the sweep runs."""
    tasks.send(delivery_id=delivery.pk)
    tasks.send_due()


@pytest.mark.parametrize(
    ("failpoint", "arrived"), [("mail.before_sending", 0), ("mail.after_sending", 1)]
)
def test_a_message_of_a_killed_worker_is_never_resent_automatically(
    settings, tmp_path, failpoint, arrived
):
    delivery = make_delivery()
    with mailbox(tmp_path) as port:
        settings.MAILERS = mailers(port)
        killed = start_worker(delivery, port, FAILPOINT=failpoint).wait(60)
        deliver_again_and_sweep(delivery)
        delivery.refresh_from_db()
        unconfirmed = list(Message.objects.unconfirmed(delivery.status_since + SENDING_TIMEOUT))
        mails = len(list(tmp_path.glob("*.eml")))

        assert killed == -signal.SIGKILL
        assert (delivery.status, delivery.attempts, mails) == ("sending", 1, arrived)
        assert unconfirmed == [delivery]

        if not arrived:  # staff checked, found nothing, and resend it
            dispatch.resend(
                delivery=delivery, actor="ada", now=delivery.status_since + SENDING_TIMEOUT
            )
            Message.objects.update(due_at=delivery.event.occurred_at)
            tasks.send(delivery_id=delivery.pk)

    assert len(list(tmp_path.glob("*.eml"))) == 1


@pytest.mark.full
def test_a_worker_killed_before_confirmation_leaves_one_message(settings, tmp_path):
    delivery = make_delivery()
    with BadServer(body="silence") as silent_server, mailbox(tmp_path) as port:
        worker = start_worker(delivery, silent_server.port)
        assert silent_server.has_body.wait(60)
        worker.kill()
        worker.wait(10)
        settings.MAILERS = mailers(port)

        deliver_again_and_sweep(delivery)

    delivery.refresh_from_db()
    assert delivery.status == "sending"
    assert len(silent_server.bodies) == 1
    assert list(tmp_path.glob("*.eml")) == []
