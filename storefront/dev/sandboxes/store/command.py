"""Store command line: parse the options of a store sandbox, run it."""

from collections.abc import Callable, Sequence
from typing import Any

from storefront.dev.sandboxes.core import command_line
from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.server import StoreServer
from storefront.dev.sandboxes.store.shop import Shop
from storefront.dev.sandboxes.store.state import StoreRules, StoreState
from storefront.dev.sandboxes.supplier import run


def run_store[S: StoreState[Any]](  # noqa: PLR0913 - the parts of a store
    words: Sequence[str] | None,
    name: str,
    description: str | None,
    *,
    rules: type[StoreRules],
    make_state: Callable[..., S],
    shop: Shop[S],
) -> None:
    """Run a store with the options in ``words``, or of the command line, until a signal."""
    options = command_line.parser(name, description)
    command_line.add_rules(options, rules)
    asked = options.parse_args(words)
    state = make_state(folder=asked.data, rules=command_line.chosen_rules(rules, asked))
    server = StoreServer((asked.host, asked.port), state=state, shop=shop)
    run(server, state, [webhooks.start(state)])
