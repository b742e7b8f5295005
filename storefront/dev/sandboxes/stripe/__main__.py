"""Local Stripe sandbox: run a local server that imitates Stripe.

Usage:
    python -m storefront.dev.sandboxes.stripe --port 8002 --data FOLDER
"""

import logging
import sys
from argparse import Namespace
from collections.abc import Sequence

from storefront.dev.sandboxes.core import command_line
from storefront.dev.sandboxes.core.http_server import serve
from storefront.dev.sandboxes.stripe.api import Sandbox
from storefront.dev.sandboxes.stripe.faults import no_faults
from storefront.dev.sandboxes.stripe.routes import Server
from storefront.dev.sandboxes.stripe.store import Store
from storefront.dev.sandboxes.stripe.webhook_schedule import WebhookSettings
from storefront.dev.sandboxes.stripe.webhook_sender import WebhookSender
from storefront.lib.env import env_str


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    server = Server((options.host, options.port))
    address = f"http://{options.host}:{server.server_address[1]}"
    store = Store(options.data, WebhookSettings(url=options.webhook_url))
    server.sandbox = Sandbox(
        store=store,
        faults=no_faults(),
        secret=options.secret,
        base_url=(options.public_url or address).rstrip("/"),
        shop=options.shop,
        many=options.many,
    )
    sender = WebhookSender(store, secret=options.hook_secret)
    sender.start()
    serve(server, stopping=lambda: None)
    sender.stop()
    store.close()
    return 0


def _options(arguments: Sequence[str] | None) -> Namespace:
    hook = command_line.hook_url("stripe")
    parser = command_line.parser("stripe", __doc__)
    parser.add_argument("--webhook-url", default=hook, help="where webhooks are posted")
    parser.add_argument("--public-url", default="", help="how browsers reach this server")
    parser.add_argument("--shop", default="Fara", help="the name on the payment page")
    parser.add_argument(
        "--secret", default=env_str("STRIPE_SECRET_KEY"), help="the shop's key: sk_test_…"
    )
    parser.add_argument(
        "--hook-secret", default=env_str("STRIPE_WEBHOOK_SECRET"), help="signs webhooks: whsec_…"
    )
    parser.add_argument("--many", action="store_true", help="the account allows several captures")
    options = parser.parse_args(arguments)
    if not options.secret.startswith("sk_test_") or not options.hook_secret.startswith("whsec_"):
        parser.error(
            "give --secret sk_test_… and --hook-secret whsec_…, or set STRIPE_SECRET_KEY"
            " and STRIPE_WEBHOOK_SECRET"
        )
    if options.webhook_url and not options.webhook_url.startswith(("http://", "https://")):
        parser.error("--webhook-url must be an http address")
    return options


if __name__ == "__main__":
    sys.exit(main())
