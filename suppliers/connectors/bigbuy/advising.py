"""Say in words what staff should set before BigBuy is asked for anything."""

from __future__ import annotations

from collections.abc import Iterator

from suppliers.connectors.bigbuy.client import Wire
from suppliers.connectors.bigbuy.options import Options
from suppliers.connectors.bigbuy.schemas import Carrier, Status


def advice(wire: Wire, options: Options) -> tuple[str, ...]:
    """Read his lists of statuses and carriers, and compare the options with them.

    Raises: OutsideError
    """
    return tuple(_advice(wire, options))


def _advice(wire: Wire, options: Options) -> Iterator[str]:
    if not options.taxonomies:
        yield "Name the taxonomies to list: he may refuse to list without one."
    if not options.email:
        yield "Name an e-mail address of yours: no order goes out without."
    statuses = [status.name for status in wire.get("order/orderstatuses", list[Status])]
    if unknown := [name for name in statuses if options.answer(name) is None]:
        names = ", ".join(repr(name) for name in unknown)
        yield f"Say in order_statuses what these mean, until then accepted: {names}."
    there = {row.name.casefold() for row in wire.get("shipping/carriers", list[Carrier])}
    if strange := sorted({name.casefold() for name in options.carriers} - there):
        shown = [", ".join(each) for each in (strange, sorted(there))]
        yield f"Your carriers he has not: {shown[0]}; he has {shown[1]}."
