"""Feed sandbox: run a wholesaler that publishes its products as files."""

import argparse
import time

from storefront.dev.sandboxes.core.http_server import sandbox_arguments, serve

from .server import Server
from .state import FeedCatalog


def _arguments() -> argparse.Namespace:
    parser = sandbox_arguments("feeds", __doc__, count=120)
    parser.add_argument(
        "--skip", type=int, default=0, help="products of the range that are missing"
    )
    parser.add_argument(
        "--pace", type=float, default=6.0, help="seconds until an order is answered"
    )
    parser.add_argument("--token", default="", help="required ?key=; empty: open to all")
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
    serve(server, shop, stopping=server.order_processor.stopping.set)


if __name__ == "__main__":
    main()
