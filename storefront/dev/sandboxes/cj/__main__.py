"""CJ sandbox: run a supplier that emulates CJ Dropshipping's API."""

from collections.abc import Sequence

from storefront.dev.sandboxes.supplier import run_supplier

from . import order_lifecycle, webhooks
from .server import Server
from .state import Rules, SandboxState


def main(words: Sequence[str] | None = None) -> None:
    run_supplier(
        words,
        "cj",
        __doc__,
        count=160,
        rules=Rules,
        make_state=SandboxState,
        make_server=Server,
        threads=[order_lifecycle.start, webhooks.start],
    )


if __name__ == "__main__":
    main()
