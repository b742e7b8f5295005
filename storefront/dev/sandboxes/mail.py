"""Mail server: accept every message, store each in one file, for development.

    python -m storefront.dev.sandboxes.mail --port 8025 --dir var/mail

It removes no duplicate: a message that was sent twice is stored twice. It fails on demand: each file
in ``faults/`` of its folder fails one message, and is deleted. ``add_fault`` writes them. With
``--webhook-url`` it reports by webhook what became of each message (``mail_events``).
"""

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from storefront.dev.sandboxes.core.stopping import on_stop
from storefront.dev.sandboxes.mail_events import Reporter
from storefront.lib.env import env_str

HOST = "127.0.0.1"
MAX_BYTES = 2_000_000
ACCEPTED = "250 2.0.0 stored"
FAULTS = "faults"
# Faults that answer before the message is stored; "" disconnects without an answer.
BEFORE = {"450": "450 4.2.0 try again later", "452": "452 4.3.1 disk full", "drop_before": ""}
# Faults that answer after it was stored.
AFTER = {"drop_after": "", "garbage": "stored?"}
KINDS = frozenset({*BEFORE, *AFTER, "slow"})
SLOW_S = 3.0


def add_fault(folder: Path, kind: str) -> None:
    """Let the server of this folder fail one of the next messages in this way.

    Raises: ValueError  the kind is unknown
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(sorted(KINDS))}")
    (folder / FAULTS).mkdir(exist_ok=True)
    (folder / FAULTS / f"{uuid4().hex}.{kind}").touch()


def clear_faults(folder: Path) -> None:
    for file in (folder / FAULTS).glob("*"):
        file.unlink(missing_ok=True)


class MessageHandler:
    """Stores each message on disk before it is accepted."""

    def __init__(self, folder: Path, reporter: Reporter | None = None) -> None:
        self._folder, self._reporter = folder, reporter
        self._numbers = count(1)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        kind = self._take_fault()
        if kind in BEFORE:
            return _answer(server, BEFORE[kind])
        self._store(envelope)
        if kind == "slow":
            await asyncio.sleep(SLOW_S)
        return _answer(server, AFTER.get(kind, ACCEPTED))

    def _take_fault(self) -> str:
        """Return the kind of a fault, and delete it; empty if there is none."""
        for file in (self._folder / FAULTS).glob("*"):
            file.unlink(missing_ok=True)
            return file.suffix.removeprefix(".")
        return ""

    def _store(self, envelope: Envelope) -> None:
        received = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        name = f"{received}-{os.getpid()}x{next(self._numbers)}.eml"
        content = envelope.original_content or b""
        envelope_lines = f"X-Envelope-From: {envelope.mail_from}\r\n" + "".join(
            f"X-Envelope-To: {recipient}\r\n" for recipient in envelope.rcpt_tos
        )
        store_message(self._folder / name, envelope_lines.encode("utf-8", "replace") + content)
        if self._reporter:
            self._reporter.report(content, envelope.rcpt_tos)


def _answer(server: SMTP, text: str) -> str:
    if not text and server.transport is not None:
        server.transport.close()
    return text or ACCEPTED


def store_message(path: Path, content: bytes) -> None:
    """Write a file atomically and durably."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="storefront.dev.sandboxes.mail", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--webhook-url", default="")
    chosen = parser.parse_args(words)
    chosen.dir.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    on_stop(stop.set)
    secret = env_str("MAIL_WEBHOOK_SECRET")
    reporter = Reporter(chosen.webhook_url, secret) if chosen.webhook_url else None
    controller = Controller(
        MessageHandler(chosen.dir, reporter),
        hostname=HOST,
        port=chosen.port,
        data_size_limit=MAX_BYTES,
    )
    try:
        controller.start()
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {HOST}:{chosen.port}: {error.strerror}\n")
        return 1
    sys.stdout.write(f"ready: smtp://{HOST}:{chosen.port} stores e-mails in {chosen.dir}\n")
    sys.stdout.flush()
    stop.wait()
    controller.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
