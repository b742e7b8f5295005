"""Feed sandbox: run a wholesaler that publishes its products as files."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from storefront.dev.sandboxes.core.http_server import run

from .server import Server
from .state import FeedCatalog


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="storefront.dev.sandboxes.feeds", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0: any free port")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of changes, orders, answers and images"
    )
    parser.add_argument("--count", type=int, default=120, help="products")
    parser.add_argument(
        "--skip", type=int, default=0, help="products of the range that are missing"
    )
    parser.add_argument(
        "--pace", type=float, default=6.0, help="seconds until an order is answered"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--token", default="", help="required ?key=; empty: open to all")
    parser.add_argument("--public-url", default="", help="base URL of the images")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    shop = FeedCatalog(
        count=asked.count,
        skip=asked.skip,
        seed=asked.seed,
        folder=asked.data,
        base_url=asked.public_url,
        now_s=time.time(),
    )
    server = Server((asked.host, asked.port), shop=shop, token=asked.token, pace_s=asked.pace)
    server.order_processor.start()
    here = f"http://{asked.host}:{server.server_address[1]}"
    shop.base_url = shop.base_url or here

    run(server, here=here, stopping=server.order_processor.stopping.set)


if __name__ == "__main__":
    main()
