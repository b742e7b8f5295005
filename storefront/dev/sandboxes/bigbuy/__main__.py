"""BigBuy sandbox: run a supplier that emulates BigBuy's API."""

import argparse

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.server import Server
from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY, HOUR_S, Rules, open_state
from storefront.dev.sandboxes.core.http_server import sandbox_arguments, serve


def _arguments() -> argparse.Namespace:
    parser = sandbox_arguments("bigbuy", __doc__, count=60)
    parser.add_argument(
        "--pace", type=float, default=0, help="seconds between order steps; 0: manual only"
    )
    parser.add_argument("--api-key", default=DEFAULT_KEY)
    parser.add_argument("--hour", type=float, default=HOUR_S, help="seconds; 0: no limits")
    parser.add_argument("--second", type=float, default=1.0, help="seconds; 0: no limits")
    parser.add_argument("--stocked", type=float, default=0.95, help="share of products in stock")
    parser.add_argument("--purse", default="100000.00", help="initial balance in euros")
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
            hour_s=asked.hour,
            second_s=asked.second,
            pace_s=asked.pace,
            stocked=asked.stocked,
            purse_eur=asked.purse,
        ),
    )
    server = Server((asked.host, asked.port), state=state)
    mover = orders.start(state)
    serve(server, state, stopping=state.stopping.set)
    mover.join(timeout=2)
    state.ledger.close()


if __name__ == "__main__":
    main()
