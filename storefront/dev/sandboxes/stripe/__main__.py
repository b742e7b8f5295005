"""Stripe sandbox: run a stand-in for Stripe.

Usage:
    python -m storefront.dev.sandboxes.stripe --port 8002 --data FOLDER
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from storefront.dev.sandboxes.stripe import operations
from storefront.dev.sandboxes.stripe.api import Desk
from storefront.dev.sandboxes.stripe.routes import Stripe
from storefront.dev.sandboxes.stripe.server import runner
from storefront.dev.sandboxes.stripe.server.faults import Faults
from storefront.dev.sandboxes.stripe.store import Shelf
from storefront.dev.sandboxes.stripe.webhooks import payloads
from storefront.dev.sandboxes.stripe.webhooks.schedule import Posting
from storefront.dev.sandboxes.stripe.webhooks.sender import Courier
from storefront.lib.env import env_str

HOOK_PATH = "/hooks/stripe/"


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    server, address = runner.bound(asked)
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
        write=payloads.writer(shelf, secret=asked.hook_secret),
        tick=lambda now: operations.run_clock(shelf, now=now),
    )
    return runner.run(server, courier, shelf, address=address)


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = runner.parser("storefront.dev.sandboxes.stripe", __doc__, hook_path=HOOK_PATH)
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
    runner.insist_on_address(parser, asked)
    return asked


if __name__ == "__main__":
    sys.exit(main())
