"""Shopify sandbox: run a local store that emulates the GraphQL Admin API, version 2026-10."""

from collections.abc import Sequence

from storefront.dev.sandboxes.shopify.shop import SHOP
from storefront.dev.sandboxes.shopify.state import Rules, SandboxState
from storefront.dev.sandboxes.store.command import run_store


def main(words: Sequence[str] | None = None) -> None:
    run_store(words, "shopify", __doc__, rules=Rules, make_state=SandboxState, shop=SHOP)


if __name__ == "__main__":
    main()
