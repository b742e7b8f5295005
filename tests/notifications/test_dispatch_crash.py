"""A worker is killed while it sends a message: the message is never resent without staff."""

import signal
import subprocess
import sys

import pytest

from notifications import dispatch, tasks
from notifications.models import SENDING_TIMEOUT, Message
from tests.e2e.worker_process import surroundings
from tests.factories.notifications import make_message
from tests.notifications.smtp_servers import BadServer, mailbox, mailers

pytestmark = pytest.mark.django_db(transaction=True)

RUN = "import django; django.setup(); from notifications.tasks import send; send(message_id={})"


def start_worker(message, port, **env):
    """Run the task in its own process on the test database."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN.format(message.pk)],
        env={**surroundings(), "SMTP_URL": f"smtp://127.0.0.1:{port}", **env},
    )


def deliver_again_and_sweep(message):
    """The broker hands the dead worker's task to another worker, and the sweep runs."""
    tasks.send(message_id=message.pk)
    tasks.send_due()


@pytest.mark.parametrize(
    ("failpoint", "arrived"), [("mail.before_sending", 0), ("mail.after_sending", 1)]
)
def test_a_message_of_a_killed_worker_is_never_resent_automatically(
    settings, tmp_path, failpoint, arrived
):
    message = make_message()
    with mailbox(tmp_path) as port:
        settings.MAILERS = mailers(port)
        killed = start_worker(message, port, FAILPOINT=failpoint).wait(60)
        deliver_again_and_sweep(message)
        message.refresh_from_db()
        unconfirmed = list(Message.objects.unconfirmed(message.status_since + SENDING_TIMEOUT))
        mails = len(list(tmp_path.glob("*.eml")))

        assert killed == -signal.SIGKILL
        assert (message.status, message.attempts, mails) == ("sending", 1, arrived)
        assert unconfirmed == [message]

        if not arrived:  # staff checked, found nothing, and resend it
            dispatch.resend(
                message=message, actor="ada", now=message.status_since + SENDING_TIMEOUT
            )
            Message.objects.update(due_at=message.event.occurred_at)
            tasks.send(message_id=message.pk)

    assert len(list(tmp_path.glob("*.eml"))) == 1


@pytest.mark.full
def test_a_worker_killed_before_confirmation_leaves_one_message(settings, tmp_path):
    message = make_message()
    with BadServer(body="silence") as silent_server, mailbox(tmp_path) as port:
        worker = start_worker(message, silent_server.port)
        assert silent_server.has_body.wait(60)
        worker.kill()
        worker.wait(10)
        settings.MAILERS = mailers(port)

        deliver_again_and_sweep(message)

    message.refresh_from_db()
    assert message.status == "sending"
    assert len(silent_server.bodies) == 1
    assert list(tmp_path.glob("*.eml")) == []
