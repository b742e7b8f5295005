"""WooCommerce sandbox: run a local store that imitates WooCommerce's REST API, version 3."""

from collections.abc import Sequence

from storefront.dev.sandboxes.store.command import arguments, run_store
from storefront.dev.sandboxes.supplier import chosen
from storefront.dev.sandboxes.woocommerce.shop import SHOP
from storefront.dev.sandboxes.woocommerce.state import Rules, SandboxState


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "woocommerce", __doc__, rules=Rules)
    run_store(asked, SandboxState(folder=asked.data, rules=chosen(Rules, asked)), SHOP)


if __name__ == "__main__":
    main()
