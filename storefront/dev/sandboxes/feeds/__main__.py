"""Feed sandbox: run a wholesaler that publishes its products as files."""

from collections.abc import Sequence

from storefront.dev.sandboxes.supplier import run_supplier

from .order_files import start
from .server import Server
from .state import Rules, SandboxState


def main(words: Sequence[str] | None = None) -> None:
    run_supplier(
        words,
        "feeds",
        __doc__,
        count=120,
        rules=Rules,
        make_state=SandboxState,
        make_server=Server,
        threads=[start],
    )


if __name__ == "__main__":
    main()
