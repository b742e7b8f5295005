"""BigBuy sandbox: run a supplier that emulates BigBuy's API."""

from __future__ import annotations

import argparse
from pathlib import Path

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.server import Server
from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY, HOUR_S, Rules, open_state
from storefront.dev.sandboxes.core.http_server import run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="storefront.dev.sandboxes.bigbuy", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0: any free port")
    parser.add_argument("--data", type=Path, required=True, help="folder of ledger and images")
    parser.add_argument("--count", type=int, default=60, help="number of valid products")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--pace", type=float, default=0, help="seconds between order steps; 0: manual only"
    )
    parser.add_argument("--api-key", default=DEFAULT_KEY)
    parser.add_argument("--hour", type=float, default=HOUR_S, help="seconds; 0: no limits")
    parser.add_argument("--second", type=float, default=1.0, help="seconds; 0: no limits")
    parser.add_argument("--stocked", type=float, default=0.95, help="share of products in stock")
    parser.add_argument("--purse", default="100000.00", help="initial balance in euros")
    parser.add_argument("--public-url", default="", help="base URL of the images")
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
    here = f"http://{asked.host}:{server.server_address[1]}"
    state.base_url = state.base_url or here

    mover = orders.start(state)
    run(server, here=here, stopping=state.stopping.set)
    mover.join(timeout=2)
    state.ledger.close()


if __name__ == "__main__":
    main()
