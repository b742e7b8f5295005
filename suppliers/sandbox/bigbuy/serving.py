"""The BigBuy dialect, its pictures, and its page for people, on one port."""

from __future__ import annotations

from suppliers.sandbox import gallery
from suppliers.sandbox.bigbuy import answering, control, human
from suppliers.sandbox.bigbuy.world import World
from suppliers.sandbox.listening import Asked, Listener
from suppliers.sandbox.replies import Reply, as_html


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
        if asked.path.startswith(answering.PREFIX):
            return answering.reply_to(self.world, asked)
        if asked.path.startswith(gallery.PREFIX):
            goods = self.world.goods
            return gallery.picture(
                asked.path, find=goods.by_pid, seed=goods.seed, folder=self.world.folder
            )
        if asked.path == "/":
            return as_html(human.page(self.world))
        return Reply(status=404, body=b"not found", type="text/plain")
