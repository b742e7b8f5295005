"""The BigBuy dialect, its pictures, and its page for people, on one port."""

from __future__ import annotations

from storefront.dev.sandboxes.bigbuy import control, dispatch, server
from storefront.dev.sandboxes.bigbuy.state import World
from storefront.dev.sandboxes.core.http_server import Asked, Listener
from storefront.dev.sandboxes.core.replies import Reply, as_html
from storefront.dev.sandboxes.pictures import endpoint


class Server(Listener):
    """One sandbox on one port."""

    def __init__(self, address: tuple[str, int], *, world: World) -> None:
        self.world = world
        super().__init__(
            address,
            answer=self._answer,
            pull=lambda method, name, wish: control.pull(
                world, method=method, name=name, wish=wish
            ),
        )

    def _answer(self, asked: Asked) -> Reply:
        if asked.path.startswith(dispatch.PREFIX):
            return dispatch.reply_to(self.world, asked)
        if asked.path.startswith(endpoint.PREFIX):
            goods = self.world.goods
            return endpoint.picture(
                asked.path, find=goods.by_pid, seed=goods.seed, folder=self.world.folder
            )
        if asked.path == "/":
            return as_html(server.page(self.world))
        return Reply(status=404, body=b"not found", type="text/plain")
