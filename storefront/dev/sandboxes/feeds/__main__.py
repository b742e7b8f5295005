"""Feed sandbox: run a wholesaler that publishes its products as files."""

from collections.abc import Sequence

from storefront.dev.sandboxes.supplier import arguments, chosen, run

from .order_files import start
from .server import Server
from .state import Rules, SandboxState


def main(words: Sequence[str] | None = None) -> None:
    asked = arguments(words, "feeds", __doc__, count=120, rules=Rules)
    state = SandboxState(
        folder=asked.data,
        base_url=asked.public_url,
        count=asked.count,
        seed=asked.seed,
        rules=chosen(Rules, asked),
    )
    run(Server((asked.host, asked.port), state=state), state, [start(state)])


if __name__ == "__main__":
    main()
