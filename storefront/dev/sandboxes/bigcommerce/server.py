"""BigCommerce server: serve API, controls and status page of one store."""

from storefront.dev.sandboxes.bigcommerce import api
from storefront.dev.sandboxes.bigcommerce.control import ACTIONS, page
from storefront.dev.sandboxes.bigcommerce.state import SandboxState
from storefront.dev.sandboxes.store.server import StoreServer


class Server(StoreServer):
    """The HTTP server of one BigCommerce store."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        super().__init__(
            address,
            state=state,
            actions=ACTIONS,
            reply=lambda asked: api.answer_to(state, asked),
            page=lambda: page(state),
        )
