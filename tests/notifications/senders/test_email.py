"""E-mail over real SMTP: to a mailbox server, and to servers that misbehave."""

import email
import email.policy
import signal
import socket
import subprocess
from dataclasses import replace

import pytest

from notifications.senders import Attachment, OutgoingMessage, sender_for
from storefront.dev.sandboxes.mail import add_fault
from storefront.lib.http.errors import PermanentError, TemporaryError
from tests.notifications.smtp_servers import BadServer, free_port, mailbox, mailbox_command, mailers

MESSAGE = OutgoingMessage(
    from_address="Fara <orders@fara.example>",
    message_id="<delivery-7@fara.example>",
    recipient="erika@example.org",
    subject="A parcel of order FL-261124-7K3QX is on its way – Gülnarə",
    text="On its way.\n",
    html="<p>On its way.</p>",
)


def send(port, settings, message=MESSAGE):
    settings.MAILERS = mailers(port)
    sender_for("email").send(message)


def read(folder):
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def test_an_e_mail_arrives_as_text_and_html_with_its_message_id(settings, tmp_path):
    with mailbox(tmp_path) as port:
        send(port, settings)

    (mail,) = read(tmp_path)
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Message-ID"] == MESSAGE.message_id
    assert mail["To"] == mail["X-Envelope-To"] == "erika@example.org"
    assert mail["From"] == "Fara <orders@fara.example>"
    assert mail.get_body(("plain",)).get_content().strip() == "On its way."
    assert mail.get_body(("html",)).get_content().strip() == "<p>On its way.</p>"


def test_attachments_arrive_unaltered_and_pictures_inline(settings, tmp_path):
    files = (
        Attachment(content_id="notice", file_name="notice.png", content=b"\x89PNG"),
        Attachment(content_id="label", file_name="label.svg", content=b"<svg/>"),
    )
    with mailbox(tmp_path) as port:
        send(port, settings, replace(MESSAGE, attachments=files))

    (mail,) = read(tmp_path)
    parts = list(mail.iter_attachments())
    assert [part.get_content() for part in parts] == [b"\x89PNG", b"<svg/>"]
    assert [part.get_content_type() for part in parts] == ["image/png", "image/svg+xml"]
    assert [part.get_content_disposition() for part in parts] == ["inline", "attachment"]
    assert parts[0]["Content-ID"] == "<notice>"
    assert mail.get_body(("html",)).get_content().strip() == "<p>On its way.</p>"


@pytest.mark.parametrize("reply_to", [None, "erika@example.org"])
def test_only_a_message_from_a_person_has_a_reply_address_and_no_automatic_mark(
    settings, tmp_path, reply_to
):
    with mailbox(tmp_path) as port:
        send(
            port, settings, replace(MESSAGE, reply_to=reply_to or "", is_from_person=bool(reply_to))
        )

    (mail,) = read(tmp_path)
    assert mail["Reply-To"] == reply_to
    assert mail["Auto-Submitted"] == (None if reply_to else "auto-generated")


def test_a_message_that_can_be_refused_has_the_link_on_one_line(settings, tmp_path):
    link = f"https://a-shop-with-a-long-name.example/az/messages/1234567:{'x' * 43}/stop/"
    with mailbox(tmp_path) as port:
        send(port, settings, replace(MESSAGE, unsubscribe_url=link))

    (path,) = tmp_path.glob("*.eml")
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in path.read_bytes()
    (mail,) = read(tmp_path)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Subject"] == MESSAGE.subject


def test_the_mailbox_keeps_each_message_and_hides_no_duplicate(settings, tmp_path):
    with mailbox(tmp_path) as port:
        send(port, settings)
        send(port, settings)

    assert len(read(tmp_path)) == 2
    assert list(tmp_path.glob("*.part")) == []


def test_the_mailbox_stops_cleanly_at_an_interrupt(tmp_path):  # ``mailbox`` sends SIGTERM
    process = subprocess.Popen(
        mailbox_command(free_port(), tmp_path), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("ready")

    process.send_signal(signal.SIGINT)

    assert process.wait(10) == 0
    process.stdout.close()


@pytest.mark.full  # it waits for the port
def test_the_mailbox_explains_why_it_cannot_listen(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = subprocess.run(
            mailbox_command(taken.getsockname()[1], tmp_path),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    assert result.returncode == 1
    assert result.stderr.startswith("Cannot listen on 127.0.0.1")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "answers",
    [
        {"greeting": ""},
        {"greeting": "421 too busy"},
        {"MAIL": "451 later"},
        {"MAIL": ""},
        {"RCPT": "450 greylisted"},
        {"RCPT": ""},
        {"DATA": "421 shutting down"},
        {"body": "452 disk full"},
    ],
    ids=str,
)
def test_a_failure_before_acceptance_may_be_retried(settings, answers):
    with BadServer(**answers) as server, pytest.raises(TemporaryError) as caught:
        send(server.port, settings)

    assert caught.value.is_outcome_unknown is False


def test_nothing_is_sent_in_plain_text_without_tls(settings):
    with BadServer() as server:
        settings.MAILERS = mailers(server.port)
        settings.MAILERS["default"]["OPTIONS"]["use_tls"] = True
        with pytest.raises(TemporaryError, match="STARTTLS"):
            sender_for("email").send(MESSAGE)

    assert server.bodies == []


def test_an_unavailable_server_may_be_retried(settings):
    with pytest.raises(TemporaryError) as caught:
        send(free_port(), settings)

    assert caught.value.is_outcome_unknown is False


@pytest.mark.parametrize(
    "answers", [{"RCPT": "550 no such mailbox"}, {"MAIL": "553 no"}, {"body": "554 spam"}], ids=str
)
def test_a_permanent_rejection_is_final(settings, answers):
    with BadServer(**answers) as server, pytest.raises(PermanentError):
        send(server.port, settings)


@pytest.mark.parametrize("answer", ["", "silence", "stored?"])
def test_without_a_confirmation_the_outcome_is_unknown(settings, answer):
    with BadServer(body=answer) as server:
        settings.MAILERS = mailers(server.port)
        settings.MAILERS["default"]["OPTIONS"]["timeout"] = 1
        with pytest.raises(TemporaryError) as caught:
            sender_for("email").send(MESSAGE)

    assert caught.value.is_outcome_unknown is True
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("kind", "is_stored", "is_outcome_unknown"),
    [
        ("450", False, False),
        ("drop_before", False, True),
        ("drop_after", True, True),
        ("garbage", True, True),
    ],
)
def test_the_mailbox_fails_one_message_on_demand(
    settings, tmp_path, kind, is_stored, is_outcome_unknown
):
    with mailbox(tmp_path) as port:
        add_fault(tmp_path, kind)
        with pytest.raises(TemporaryError) as caught:
            send(port, settings)
        assert caught.value.is_outcome_unknown is is_outcome_unknown
        assert len(read(tmp_path)) == is_stored
        send(port, settings)

    assert len(read(tmp_path)) == is_stored + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: evil@example.com"},
        {"recipient": "erika@example.org\r\nBcc: evil@example.com"},
        {"recipient": "erika@example.org, evil@example.com"},
        {"recipient": "erikä@example.org"},
        {"message_id": "<a@b>\r\nBcc: evil@example.com"},
    ],
    ids=str,
)
def test_headers_cannot_be_injected(settings, changes):
    with BadServer() as server, pytest.raises(PermanentError):
        send(server.port, settings, replace(MESSAGE, **changes))

    assert server.bodies == []


def test_international_domains_are_supported(settings):
    with BadServer() as server:
        send(server.port, settings, replace(MESSAGE, recipient="erika@münchen.example"))

    assert len(server.bodies) == 1
