"""onX sandbox: run a supplier with an onX server, an MCP server for orders."""

from collections.abc import Sequence

from storefront.dev.sandboxes.onx.server import Server
from storefront.dev.sandboxes.onx.state import Rules, SandboxState
from storefront.dev.sandboxes.supplier import arguments, chosen, run


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "onx", __doc__, count=60, rules=Rules)
    state = SandboxState(
        folder=asked.data,
        base_url=asked.public_url,
        count=asked.count,
        seed=asked.seed,
        rules=chosen(Rules, asked),
    )
    run(Server((asked.host, asked.port), state=state), state, [])


if __name__ == "__main__":
    main()
