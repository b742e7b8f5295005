"""onX sandbox: run a supplier with an onX server, an MCP server for orders."""

from collections.abc import Sequence

from storefront.dev.sandboxes.onx.server import Server
from storefront.dev.sandboxes.onx.state import Rules, SandboxState
from storefront.dev.sandboxes.supplier import run_supplier


def main(words: Sequence[str] | None = None) -> None:
    run_supplier(
        words,
        "onx",
        __doc__,
        count=60,
        rules=Rules,
        make_state=SandboxState,
        make_server=Server,
    )


if __name__ == "__main__":
    main()
