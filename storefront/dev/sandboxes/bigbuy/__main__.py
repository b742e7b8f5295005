"""BigBuy sandbox: run a supplier that emulates BigBuy's API."""

from collections.abc import Sequence

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.server import Server
from storefront.dev.sandboxes.bigbuy.state import Rules, SandboxState
from storefront.dev.sandboxes.supplier import run_supplier


def main(words: Sequence[str] | None = None) -> None:
    run_supplier(
        words,
        "bigbuy",
        __doc__,
        count=60,
        rules=Rules,
        make_state=SandboxState,
        make_server=Server,
        threads=[orders.start],
    )


if __name__ == "__main__":
    main()
