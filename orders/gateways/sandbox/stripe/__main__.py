"""Run a stand-in for Stripe: python -m orders.gateways.sandbox.stripe --port 8002 --data FOLDER."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orders.gateways.sandbox import running
from orders.gateways.sandbox.courier import Courier
from orders.gateways.sandbox.faults import Faults
from orders.gateways.sandbox.posting import Posting
from orders.gateways.sandbox.stripe import letters, moving
from orders.gateways.sandbox.stripe.api import Desk
from orders.gateways.sandbox.stripe.server import Stripe
from orders.gateways.sandbox.stripe.shelf import Shelf
from storefront.lib.env import env_str

HOOK_PATH = "/hooks/stripe/"


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    server, address = running.bound(asked)
    shelf = Shelf(asked.data, Posting(url=asked.webhook_url))
    desk = Desk(
        ledger=shelf,
        faults=Faults(),
        secret=asked.secret,
        base_url=(asked.public_url or address).rstrip("/"),
        shop=asked.shop,
        many=asked.many,
    )
    server.site = Stripe(desk=desk)
    courier = Courier(
        shelf,
        write=letters.writer(shelf, secret=asked.hook_secret),
        tick=lambda now: moving.run_clock(shelf, now=now),
    )
    return running.run(server, courier, shelf, address=address)


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = running.parser("orders.gateways.sandbox.stripe", __doc__, hook_path=HOOK_PATH)
    parser.add_argument(
        "--secret", default=env_str("STRIPE_SECRET_KEY"), help="the shop's key: sk_test_…"
    )
    parser.add_argument(
        "--hook-secret", default=env_str("STRIPE_WEBHOOK_SECRET"), help="signs webhooks: whsec_…"
    )
    parser.add_argument("--many", action="store_true", help="the account captures in parts")
    asked = parser.parse_args(words)
    if not asked.secret.startswith("sk_test_") or not asked.hook_secret.startswith("whsec_"):
        parser.error(
            "give --secret sk_test_… and --hook-secret whsec_…, or set STRIPE_SECRET_KEY"
            " and STRIPE_WEBHOOK_SECRET"
        )
    running.insist_on_address(parser, asked)
    return asked


if __name__ == "__main__":
    sys.exit(main())
