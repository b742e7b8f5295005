"""E-mail sender: send one message over SMTP, classify each failure, detect lost answers.

``Backend`` extends Django's SMTP backend. If the connection breaks while the body is sent, or the
answer is unreadable, the server may have accepted the message, so ``UnconfirmedError`` is raised
instead of a plain failure.
"""

import smtplib
from contextlib import suppress
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from notifications.senders import Attachment, OutgoingMessage
from storefront.lib.http.errors import PermanentError, TemporaryError


class UnconfirmedError(smtplib.SMTPException):
    """The message was sent and the server did not confirm it."""


class _Session(smtplib.SMTP):
    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the body. Before this step, the server cannot have accepted the message."""
        try:
            code, text = super().data(msg)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            if isinstance(error, smtplib.SMTPResponseException):
                raise  # the server answered, so the outcome is known
            raise UnconfirmedError(str(error)) from error
        if code < 0:
            raise UnconfirmedError(f"unreadable answer {text!r}")
        return code, text


class _SecureSession(_Session, smtplib.SMTP_SSL):
    """The same over TLS."""


class Backend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SecureSession if self.use_ssl else _Session


FIRST_PERMANENT_CODE = 500
UNSUBSCRIBE = "List-Unsubscribe"
# The header that each mail provider returns with its webhooks, and how it holds a value "message".
METADATA_HEADERS = {
    "postmark": ("X-PM-Metadata-message", "%s"),
    "mailgun": ("X-Mailgun-Variables", '{"message": "%s"}'),
    "brevo": ("X-Mailin-custom", '{"message": "%s"}'),
}
MEDIA_TYPES = {
    "pdf": ("application", "pdf"),
    "png": ("image", "png"),
    "svg": ("image", "svg+xml"),
}


class _Policy(EmailPolicy):
    """Keeps the unsubscribe link on one line: mailboxes do not decode a folded link."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == UNSUBSCRIBE:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


class _Mail(EmailMultiAlternatives):
    def message(self, **_: Any) -> EmailMessage:
        return super().message(policy=_Policy(linesep="\r\n"))


class Email:
    """Sends text and HTML of one message to one mailbox."""

    def send(self, message: OutgoingMessage) -> None:
        mail = _Mail(
            subject=message.subject,
            body=message.text,
            from_email=message.from_address,
            to=[message.recipient],
            reply_to=[message.reply_to] if message.reply_to else None,
            headers=extra_headers(message),
        )
        mail.attach_alternative(message.html, "text/html")
        for attachment in message.attachments:
            mail.attach(_part(attachment))
        mailer = mailers.default
        try:
            _open(mailer)
            mailer.send_messages([mail])
        except UnconfirmedError as error:
            raise TemporaryError(
                f"no answer after the message was sent: {error}", is_outcome_unknown=True
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise _classify(error) from error
        except ValueError as error:
            raise PermanentError(f"invalid address: {error}") from error
        finally:
            # The result is known; an error on closing does not change it.
            with suppress(smtplib.SMTPException, OSError):
                mailer.close()


def extra_headers(message: OutgoingMessage) -> dict[str, str]:
    """Return the headers besides sender, recipient, subject and reply address."""
    headers = {"Message-ID": message.message_id}
    if settings.MAIL_PROVIDER:
        name, value = METADATA_HEADERS[settings.MAIL_PROVIDER]
        headers[name] = value % message.message_id.strip("<>")
    if not message.is_from_person:
        # Asks automatic responders not to reply (RFC 3834).
        headers["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        headers[UNSUBSCRIBE] = f"<{message.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _part(attachment: Attachment) -> MIMEPart:
    part = MIMEPart()
    maintype, subtype = MEDIA_TYPES[attachment.file_name.rpartition(".")[2]]
    part.set_content(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        disposition="inline" if attachment.can_be_shown else "attachment",
        filename=attachment.file_name,
        cid=f"<{attachment.content_id}>" if attachment.content_id else None,
    )
    return part


def _open(mailer: BaseEmailBackend) -> None:
    try:
        mailer.open()
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryError(f"mail server: {_error_text(error)}") from error


def _classify(error: smtplib.SMTPException | OSError) -> TemporaryError | PermanentError:
    code = 0
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((answer[0] for answer in error.recipients.values()), 0)
    kind = PermanentError if code >= FIRST_PERMANENT_CODE else TemporaryError
    return kind(f"mail server: {_error_text(error)}", code=str(code or ""))


def _error_text(error: Exception) -> str:
    return f"{type(error).__name__} {error}"[:200]
