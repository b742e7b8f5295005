"""BigCommerce sandbox: run a local store that imitates BigCommerce's APIs."""

from collections.abc import Sequence

from storefront.dev.sandboxes.bigcommerce.server import Server
from storefront.dev.sandboxes.bigcommerce.state import Rules, SandboxState
from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.command import arguments
from storefront.dev.sandboxes.supplier import chosen, run


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "bigcommerce", __doc__, rules=Rules)
    state = SandboxState(folder=asked.data, rules=chosen(Rules, asked))
    run(Server((asked.host, asked.port), state=state), state, [webhooks.start(state)])


if __name__ == "__main__":
    main()
