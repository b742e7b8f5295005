"""BigCommerce sandbox: run a local store that imitates BigCommerce's APIs."""

from collections.abc import Sequence

from storefront.dev.sandboxes.bigcommerce.shop import SHOP
from storefront.dev.sandboxes.bigcommerce.state import Rules, SandboxState
from storefront.dev.sandboxes.store.command import arguments, run_store
from storefront.dev.sandboxes.supplier import chosen


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "bigcommerce", __doc__, rules=Rules)
    run_store(asked, SandboxState(folder=asked.data, rules=chosen(Rules, asked)), SHOP)


if __name__ == "__main__":
    main()
