"""CJ sandbox: run a supplier that emulates CJ Dropshipping's API."""

from collections.abc import Sequence

from storefront.dev.sandboxes.supplier import arguments, chosen, run

from . import order_lifecycle, webhooks
from .server import Server
from .state import Rules, SandboxState


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "cj", __doc__, count=160, rules=Rules)
    state = SandboxState(
        folder=asked.data,
        base_url=asked.public_url,
        count=asked.count,
        seed=asked.seed,
        rules=chosen(Rules, asked),
    )
    server = Server((asked.host, asked.port), state=state)
    run(server, state, [order_lifecycle.start(state), webhooks.start(state)])


if __name__ == "__main__":
    main()
