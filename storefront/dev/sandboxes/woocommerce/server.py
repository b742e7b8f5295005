"""WooCommerce server: serve API, controls and status page of one store."""

from storefront.dev.sandboxes.store.server import StoreServer
from storefront.dev.sandboxes.woocommerce import api
from storefront.dev.sandboxes.woocommerce.control import ACTIONS, page
from storefront.dev.sandboxes.woocommerce.state import SandboxState


class Server(StoreServer):
    """The HTTP server of one WooCommerce store."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        super().__init__(
            address,
            state=state,
            actions=ACTIONS,
            reply=lambda asked: api.answer_to(state, asked),
            page=lambda: page(state),
        )
