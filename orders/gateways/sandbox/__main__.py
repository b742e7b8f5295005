"""Run the test gateway: python -m orders.gateways.sandbox --port 8002 --data var/gateway."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from orders.gateways.sandbox.courier import Courier
from orders.gateways.sandbox.desk import Desk
from orders.gateways.sandbox.faults import Faults
from orders.gateways.sandbox.ledger import Ledger
from orders.gateways.sandbox.posting import Posting
from orders.gateways.sandbox.server import Server
from storefront.lib.env import env_str

HOOK_PATH = "/hooks/test-gateway/"


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    server = Server((asked.host, asked.port))
    address = f"http://{asked.host}:{server.server_address[1]}"
    ledger = Ledger(asked.data, Posting(url=asked.webhook_url))
    server.desk = Desk(
        ledger=ledger,
        faults=Faults(),
        secret=asked.secret,
        base_url=(asked.public_url or address).rstrip("/"),
        shop=asked.shop,
        late_s=asked.late_s,
    )
    courier = Courier(ledger, secret=asked.secret)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    courier.start()
    sys.stdout.write(f"ready {address}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    courier.stop()
    ledger.close()
    return 0


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    public_url = env_str("PUBLIC_URL").rstrip("/")
    hook = f"{public_url}{HOOK_PATH}" if public_url else ""
    parser = argparse.ArgumentParser(prog="orders.gateways.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="folder of the ledger")
    parser.add_argument("--webhook-url", default=hook, help="where the shop hears news")
    parser.add_argument(
        "--secret",
        default=env_str("TEST_GATEWAY_SECRET"),
        help="the shop's key, which signs webhooks as well: whsec_ and base64",
    )
    parser.add_argument("--public-url", default="", help="how browsers reach this server")
    parser.add_argument("--shop", default="Fara", help="the name that the shopper reads")
    parser.add_argument("--late-s", type=float, default=5.0, help="how late the late card is")
    asked = parser.parse_args(words)
    if not asked.secret.startswith("whsec_"):
        parser.error("give --secret whsec_…, or set TEST_GATEWAY_SECRET")
    if asked.webhook_url and not asked.webhook_url.startswith(("http://", "https://")):
        parser.error("--webhook-url must be an http address")
    return asked


if __name__ == "__main__":
    sys.exit(main())
