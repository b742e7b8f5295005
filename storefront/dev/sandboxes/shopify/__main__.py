"""Shopify sandbox: run a local store that emulates the GraphQL Admin API, version 2026-10."""

from collections.abc import Sequence

from storefront.dev.sandboxes.shopify.server import Server
from storefront.dev.sandboxes.shopify.state import Rules, SandboxState
from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.command import arguments
from storefront.dev.sandboxes.supplier import chosen, run


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "shopify", __doc__, rules=Rules)
    state = SandboxState(folder=asked.data, rules=chosen(Rules, asked))
    run(Server((asked.host, asked.port), state=state), state, [webhooks.start(state)])


if __name__ == "__main__":
    main()
