"""WooCommerce sandbox: run a local store that imitates WooCommerce's REST API, version 3."""

from collections.abc import Sequence

from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.command import arguments
from storefront.dev.sandboxes.supplier import chosen, run
from storefront.dev.sandboxes.woocommerce.server import Server
from storefront.dev.sandboxes.woocommerce.state import Rules, SandboxState


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "woocommerce", __doc__, rules=Rules)
    state = SandboxState(folder=asked.data, rules=chosen(Rules, asked))
    run(Server((asked.host, asked.port), state=state), state, [webhooks.start(state)])


if __name__ == "__main__":
    main()
