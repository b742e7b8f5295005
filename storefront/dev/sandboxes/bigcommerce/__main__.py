"""BigCommerce sandbox: run a local store that imitates BigCommerce's APIs."""

from collections.abc import Sequence

from storefront.dev.sandboxes.bigcommerce.shop import SHOP
from storefront.dev.sandboxes.bigcommerce.state import Rules, SandboxState
from storefront.dev.sandboxes.store.command import run_store


def main(words: Sequence[str] | None = None) -> None:
    run_store(words, "bigcommerce", __doc__, rules=Rules, make_state=SandboxState, shop=SHOP)


if __name__ == "__main__":
    main()
