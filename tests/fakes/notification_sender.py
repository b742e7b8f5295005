"""In-memory sender: keep the messages instead of sending them."""

from typing import ClassVar

from notifications.senders import OutgoingMessage


class Fake:
    """Keeps what was sent; ``failures`` are raised first, one per call."""

    sent: ClassVar[list[OutgoingMessage]] = []
    failures: ClassVar[list[Exception]] = []

    def send(self, message: OutgoingMessage) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)

    @classmethod
    def forget(cls) -> None:
        cls.sent.clear()
        cls.failures.clear()
