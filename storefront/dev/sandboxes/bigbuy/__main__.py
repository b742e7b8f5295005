"""BigBuy sandbox: run a supplier that emulates BigBuy's API."""

from collections.abc import Sequence

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.server import Server
from storefront.dev.sandboxes.bigbuy.state import Rules, SandboxState
from storefront.dev.sandboxes.supplier import arguments, chosen, run


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "bigbuy", __doc__, count=60, rules=Rules)
    state = SandboxState(
        folder=asked.data,
        base_url=asked.public_url,
        count=asked.count,
        seed=asked.seed,
        rules=chosen(Rules, asked),
    )
    run(Server((asked.host, asked.port), state=state), state, [orders.start(state)])


if __name__ == "__main__":
    main()
