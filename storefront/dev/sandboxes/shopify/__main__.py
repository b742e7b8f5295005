"""Shopify sandbox: run a local store that emulates the GraphQL Admin API, version 2026-10."""

from collections.abc import Sequence

from storefront.dev.sandboxes.shopify.shop import SHOP
from storefront.dev.sandboxes.shopify.state import Rules, SandboxState
from storefront.dev.sandboxes.store.command import arguments, run_store
from storefront.dev.sandboxes.supplier import chosen


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "shopify", __doc__, rules=Rules)
    run_store(asked, SandboxState(folder=asked.data, rules=chosen(Rules, asked)), SHOP)


if __name__ == "__main__":
    main()
