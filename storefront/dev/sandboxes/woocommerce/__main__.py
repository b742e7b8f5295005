"""WooCommerce sandbox: run a local store that imitates WooCommerce's REST API, version 3."""

from collections.abc import Sequence

from storefront.dev.sandboxes.store.command import run_store
from storefront.dev.sandboxes.woocommerce.shop import SHOP
from storefront.dev.sandboxes.woocommerce.state import Rules, SandboxState


def main(words: Sequence[str] | None = None) -> None:
    run_store(words, "woocommerce", __doc__, rules=Rules, make_state=SandboxState, shop=SHOP)


if __name__ == "__main__":
    main()
