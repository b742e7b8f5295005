"""Message scenario: send e-mails of events to the mail sandbox, one worker, one at a time.

The limit is a loop that sends the same bytes to the same server without rendering or database.
"""

import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.test.utils import override_settings
from django.utils import timezone

from notifications import dispatch, rendering
from notifications.models import Event
from storefront.dev.bench.harness.load import HOST
from storefront.dev.runtime.ports import free_port

COUNT, WARM_UP = 300, 20
LINES = 3


class LostMessageError(RuntimeError):
    """A message was not accepted by the mail server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Messages per second, from the stored event to the accepted e-mail, and of the bare loop.

    Shape:  ``per_cpu_s`` counts the CPU of the worker, without database and mail server
    """

    per_second: float
    per_cpu_s: float
    bare_per_second: float
    kilobytes: float

    @property
    def words(self) -> str:
        return (
            f"{COUNT} e-mails of {self.kilobytes:.0f} KB: {self.per_second:.0f} a second,"
            f" {self.per_cpu_s:.0f} per CPU second; bare SMTP {self.bare_per_second:.0f} a second"
        )


def measure(folder: Path, *, say: Callable[[str], None]) -> Sent:
    """Send the messages of stored events, then the last one's bytes as often.

    Raises: LostMessageError
    """
    rendering.preload()
    with _mail_server(folder) as port, override_settings(MAILERS=_mailers(port)):
        _send_all(WARM_UP)
        cpu_before = time.process_time()
        seconds = _send_all(COUNT)
        cpu_s = time.process_time() - cpu_before
        mails = sorted(folder.glob("*.eml"))
        if len(mails) != WARM_UP + COUNT:
            raise LostMessageError(f"{len(mails)} of {WARM_UP + COUNT} messages arrived")
        content = mails[-1].read_bytes()
        bare_s = _send_bare(port, content)
    found = Sent(
        per_second=COUNT / seconds,
        per_cpu_s=COUNT / cpu_s,
        bare_per_second=COUNT / bare_s,
        kilobytes=len(content) / 1000,
    )
    say(found.words)
    return found


def _send_all(count: int) -> float:
    """Store events, then create and send their messages; return the seconds of the latter."""
    now = timezone.now()
    events = Event.objects.bulk_create(_event(uuid4().hex) for _ in range(count))
    began = time.perf_counter()
    for event in events:
        for message in dispatch.fan_out(event=event, now=now):
            if dispatch.send(message=message, now=now).status != "sent":
                raise LostMessageError(message.problem)
    return time.perf_counter() - began


def _event(number: str) -> Event:
    line = {
        "title": "Northbeam H100 headlamp, Black",
        "sku": "H100",
        "quantity": 1,
        "amount": "39.99",
        "picture_url": "",
        "beam_url": "",
        "beam_m": None,
    }
    payload = {
        "number": number,
        "email": f"{number}@example.org",
        "locale": "en",
        "url": f"https://shop.example/en/orders/{number}/key/",
        "currency": "EUR",
        "goes_to": "DE",
        "lines": [line] * LINES,
        "arrives_from": "2026-12-01",
        "arrives_to": "2026-12-05",
    }
    return Event(
        key=f"bench:{number}",
        name="order.confirmed",
        subject=f"order:{number}",
        sequence=1,
        payload=payload,
        occurred_at=timezone.now(),
    )


def _send_bare(port: int, content: bytes) -> float:
    """Send the bytes on a new connection each, as the sender does; return the seconds."""
    began = time.perf_counter()
    for _ in range(COUNT):
        with smtplib.SMTP(HOST, port) as server:
            server.sendmail("shop@fara.example", ["erika@example.org"], content)
    return time.perf_counter() - began


def _mailers(port: int) -> dict[str, object]:
    backend = "notifications.senders.email.Backend"
    return {"default": {"BACKEND": backend, "OPTIONS": {"host": HOST, "port": port, "timeout": 10}}}


@contextmanager
def _mail_server(folder: Path) -> Iterator[int]:
    port = free_port()
    words = ["-m", "storefront.dev.sandboxes.mail", "--port", str(port), "--dir", str(folder)]
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, *words], stdout=subprocess.PIPE, text=True
    )
    try:
        if process.stdout is None or not process.stdout.readline().startswith("ready"):
            raise LostMessageError("the mail server did not start")
        yield port
    finally:
        process.terminate()
        process.wait(10)
