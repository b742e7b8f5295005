"""Store command line: parse the options of a store sandbox, run it."""

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.server import StoreServer
from storefront.dev.sandboxes.store.shop import Shop
from storefront.dev.sandboxes.store.state import StoreRules, StoreState
from storefront.dev.sandboxes.supplier import UNIT, run


def arguments(
    words: Sequence[str] | None, name: str, description: str | None, *, rules: type[StoreRules]
) -> Namespace:
    """Parse words or the command line: address, folder, and one option for each rule."""
    parser = ArgumentParser(
        prog=f"storefront.dev.sandboxes.{name}",
        description=description,
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0: any free port")
    parser.add_argument("--data", type=Path, required=True, help="folder of the store")
    for rule in fields(rules):
        option = "--" + UNIT.sub("", rule.name).replace("_", "-")
        kind = type(rule.default)
        parser.add_argument(option, dest=rule.name, type=kind, default=rule.default, help=" ")
    return parser.parse_args(words)


def run_store[S: StoreState[Any]](asked: Namespace, state: S, shop: Shop[S]) -> None:
    """Serve until a signal."""
    server = StoreServer((asked.host, asked.port), state=state, shop=shop)
    run(server, state, [webhooks.start(state)])
