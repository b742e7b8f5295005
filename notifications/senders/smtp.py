"""Django's SMTP backend, made to tell when a message may have gone out without an answer."""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class InDoubtError(smtplib.SMTPException):
    """The message left us and the server never said whether it took it."""


class _Session(smtplib.SMTP):
    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the body. Up to here nothing can have been delivered; from here it can."""
        try:
            return super().data(msg)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            if isinstance(error, smtplib.SMTPResponseException):
                raise  # an answer, if not the one we wanted
            raise InDoubtError(str(error)) from error


class _SecureSession(_Session, smtplib.SMTP_SSL):
    """The same inside TLS."""


class Backend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SecureSession if self.use_ssl else _Session
