"""Test gateway: run the payment gateway sandbox.

Usage:
    python -m storefront.dev.sandboxes.gateway --port 8002 --data var/gateway
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from storefront.dev.sandboxes.gateway import operations, runner
from storefront.dev.sandboxes.gateway.context import Desk
from storefront.dev.sandboxes.gateway.faults import Faults
from storefront.dev.sandboxes.gateway.routes import Gateway
from storefront.dev.sandboxes.gateway.state.ledger import Ledger
from storefront.dev.sandboxes.gateway.state.schedule import Posting
from storefront.dev.sandboxes.gateway.webhooks import payloads
from storefront.dev.sandboxes.gateway.webhooks.sender import Courier
from storefront.lib.env import env_str

HOOK_PATH = "/hooks/test-gateway/"


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    server, address = runner.bound(asked)
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
        write=payloads.writer(ledger, secret=asked.secret),
        tick=lambda now: operations.run_clock(ledger, now=now),
    )
    return runner.run(server, courier, ledger, address=address)


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = runner.parser("storefront.dev.sandboxes.gateway", __doc__, hook_path=HOOK_PATH)
    parser.add_argument(
        "--secret",
        default=env_str("TEST_GATEWAY_SECRET"),
        help="the shop's key, which signs webhooks as well: whsec_ and base64",
    )
    parser.add_argument("--late-s", type=float, default=5.0, help="how late the late card is")
    asked = parser.parse_args(words)
    if not asked.secret.startswith("whsec_"):
        parser.error("give --secret whsec_…, or set TEST_GATEWAY_SECRET")
    runner.insist_on_address(parser, asked)
    return asked


if __name__ == "__main__":
    sys.exit(main())
