"""CJ sandbox: run a supplier that emulates CJ Dropshipping's API."""

import argparse

from storefront.dev.sandboxes.core.http_server import sandbox_arguments, serve

from . import order_lifecycle, webhooks
from .server import Server
from .state import DAY_S, DEFAULT_KEY, Rules, open_state


def _arguments() -> argparse.Namespace:
    parser = sandbox_arguments("cj", __doc__, count=160)
    parser.add_argument(
        "--pace", type=float, default=0, help="seconds between order steps; 0: manual only"
    )
    parser.add_argument(
        "--webhook-url", default="", help="webhook URL, until webhook/set changes it"
    )
    parser.add_argument("--webhook-retry", type=float, default=5, help="seconds between attempts")
    parser.add_argument("--api-key", default=DEFAULT_KEY)
    parser.add_argument("--qps", type=int, default=100, help="calls per second; 0: no limit")
    parser.add_argument("--points", type=int, default=0, help="points per day; 0: no limit")
    parser.add_argument("--token-life", type=float, default=15 * DAY_S, help="seconds")
    parser.add_argument("--stock-leaves", choices=("order", "shipment", "never"), default="order")
    parser.add_argument(
        "--stock-lag", type=float, default=0, help="seconds by which stock is outdated"
    )
    parser.add_argument(
        "--most-listed", type=int, default=6000, help="maximum total that a list reports"
    )
    parser.add_argument(
        "--subscriptions", type=int, default=1000, help="maximum number of subscriptions"
    )
    parser.add_argument(
        "--needs-subscription", action="store_true", help="messages of subscribed products only"
    )
    parser.add_argument("--tries-callbacks", action="store_true", help="a webhook URL must respond")
    parser.add_argument("--balance", default="100000.00", help="initial balance in dollars")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    state = open_state(
        folder=asked.data,
        base_url=asked.public_url,
        count=asked.count,
        seed=asked.seed,
        rules=Rules(
            api_key=asked.api_key,
            qps=asked.qps,
            points=asked.points,
            token_life_s=asked.token_life,
            pace_s=asked.pace,
            stock_leaves=asked.stock_leaves,
            stock_lag_s=asked.stock_lag,
            webhook_url=asked.webhook_url,
            webhook_retry_s=asked.webhook_retry,
            balance_usd=asked.balance,
            most_listed=asked.most_listed,
            subscriptions=asked.subscriptions,
            needs_subscription=asked.needs_subscription,
            tries_callbacks=asked.tries_callbacks,
        ),
    )
    server = Server((asked.host, asked.port), state=state)
    helpers = [order_lifecycle.start(state), webhooks.start(state)]
    serve(server, state, stopping=state.stopping.set)
    for helper in helpers:
        helper.join(timeout=webhooks.TIMEOUT_S + 1)
    state.ledger.close()


if __name__ == "__main__":
    main()
