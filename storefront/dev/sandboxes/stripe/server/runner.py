"""Gateway runner: parse common options, bind a port, serve until stopped.

All gateway sandboxes share it.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from storefront.dev.sandboxes.stripe.database import Book
from storefront.dev.sandboxes.stripe.server.http_server import Server
from storefront.dev.sandboxes.stripe.webhooks.sender import Courier
from storefront.lib.env import env_str


def parser(name: str, description: str | None, *, hook_path: str) -> argparse.ArgumentParser:
    """Ask what every sandbox needs to know; its keys are its own business."""
    public_url = env_str("PUBLIC_URL").rstrip("/")
    hook = f"{public_url}{hook_path}" if public_url else ""
    asking = argparse.ArgumentParser(prog=name, description=description)
    asking.add_argument("--port", type=int, required=True, help="0 takes a free one")
    asking.add_argument("--host", default="127.0.0.1")
    asking.add_argument("--data", type=Path, required=True, help="folder of the ledger")
    asking.add_argument("--webhook-url", default=hook, help="where the shop hears news")
    asking.add_argument("--public-url", default="", help="how browsers reach this server")
    asking.add_argument("--shop", default="Fara", help="the name that the shopper reads")
    return asking


def insist_on_address(asking: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    if asked.webhook_url and not asked.webhook_url.startswith(("http://", "https://")):
        asking.error("--webhook-url must be an http address")


def bound(asked: argparse.Namespace) -> tuple[Server, str]:
    """Take the port; return the server, and its address."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    server = Server((asked.host, asked.port))
    return server, f"http://{asked.host}:{server.server_address[1]}"


def run(server: Server, courier: Courier, book: Book, *, address: str) -> int:
    """Serve until somebody ends it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    courier.start()
    sys.stdout.write(f"ready {address}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    courier.stop()
    book.close()
    return 0
