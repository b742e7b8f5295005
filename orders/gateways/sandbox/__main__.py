"""Run the test gateway: python -m orders.gateways.sandbox --port 8002 --data var/gateway."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orders.gateways.sandbox import letters, moves, running
from orders.gateways.sandbox.courier import Courier
from orders.gateways.sandbox.desk import Desk
from orders.gateways.sandbox.faults import Faults
from orders.gateways.sandbox.ledger import Ledger
from orders.gateways.sandbox.posting import Posting
from orders.gateways.sandbox.server import Gateway
from storefront.lib.env import env_str

HOOK_PATH = "/hooks/test-gateway/"


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    server, address = running.bound(asked)
    ledger = Ledger(asked.data, Posting(url=asked.webhook_url))
    desk = Desk(
        ledger=ledger,
        faults=Faults(),
        secret=asked.secret,
        base_url=(asked.public_url or address).rstrip("/"),
        shop=asked.shop,
        late_s=asked.late_s,
    )
    server.site = Gateway(desk=desk)
    courier = Courier(
        ledger,
        write=letters.writer(ledger, secret=asked.secret),
        tick=lambda now: moves.run_clock(ledger, now=now),
    )
    return running.run(server, courier, ledger, address=address)


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = running.parser("orders.gateways.sandbox", __doc__, hook_path=HOOK_PATH)
    parser.add_argument(
        "--secret",
        default=env_str("TEST_GATEWAY_SECRET"),
        help="the shop's key, which signs webhooks as well: whsec_ and base64",
    )
    parser.add_argument("--late-s", type=float, default=5.0, help="how late the late card is")
    asked = parser.parse_args(words)
    if not asked.secret.startswith("whsec_"):
        parser.error("give --secret whsec_…, or set TEST_GATEWAY_SECRET")
    running.insist_on_address(parser, asked)
    return asked


if __name__ == "__main__":
    sys.exit(main())
