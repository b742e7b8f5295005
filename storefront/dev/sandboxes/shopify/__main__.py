"""Shopify sandbox: run a local store that emulates the GraphQL Admin API, version 2026-10.

Usage:
    python -m storefront.dev.sandboxes.shopify --port 8007 --data FOLDER
"""

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from storefront.dev.sandboxes.shopify import webhooks
from storefront.dev.sandboxes.shopify.server import Server
from storefront.dev.sandboxes.shopify.state import Rules, SandboxState
from storefront.dev.sandboxes.supplier import run


def main(words: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = ArgumentParser(
        "storefront.dev.sandboxes.shopify",
        description=__doc__,
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0: any free port")
    parser.add_argument("--data", type=Path, required=True, help="folder of the ledger")
    parser.add_argument("--currency", default=Rules().currency, help="of the store")
    parser.add_argument("--restore", type=float, default=Rules().restore, help="points a second")
    asked = parser.parse_args(words)
    rules = Rules(currency=asked.currency, restore=asked.restore)
    state = SandboxState(folder=asked.data, rules=rules)
    server = Server((asked.host, asked.port), state=state)
    run(server, state, [webhooks.start(state)])


if __name__ == "__main__":
    main()
