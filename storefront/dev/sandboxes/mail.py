"""Mail server: accept every message, store each in one file, for development.

    python -m storefront.dev.sandboxes.mail --port 8025 --dir var/mail

It drops nothing and removes no duplicate: a message that was sent twice is stored twice.
"""

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from storefront.dev.sandboxes.core.stopping import on_stop

HOST = "127.0.0.1"
MAX_BYTES = 2_000_000
ACCEPTED = "250 2.0.0 stored"


class MessageHandler:
    """Stores each message on disk before it is accepted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        received = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        name = f"{received}-{os.getpid()}x{next(self._numbers)}.eml"
        content = envelope.original_content or b""
        envelope_lines = f"X-Envelope-From: {envelope.mail_from}\r\n" + "".join(
            f"X-Envelope-To: {recipient}\r\n" for recipient in envelope.rcpt_tos
        )
        store_message(self._folder / name, envelope_lines.encode("utf-8", "replace") + content)
        return ACCEPTED


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
    chosen = parser.parse_args(words)
    chosen.dir.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    on_stop(stop.set)
    controller = Controller(
        MessageHandler(chosen.dir), hostname=HOST, port=chosen.port, data_size_limit=MAX_BYTES
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
