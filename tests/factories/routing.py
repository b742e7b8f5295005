"""Routing reference: filter candidates by margin without the code under test."""

from orders.pricing import margins


def account(need, one):
    """Return the margin of a line from one source; None if its price or cost is unknown."""
    if need.sold is None or one.landed is None:
        return None
    return margins.line_margin(
        one.landed, quantity=need.quantity, gross=need.sold.gross, tax_rate=need.sold.tax_rate
    )


def earning_places(need, able, least):
    """Return the sources with the minimum margin; if none has it, those with the smallest loss."""
    if least is None:
        return able
    accounts = {one.level_id: account(need, one) for one in able}
    unknown = [one for one in able if accounts[one.level_id] is None]
    known = [one for one in able if accounts[one.level_id] is not None]
    if enough := [one for one in known if _keeps(accounts[one.level_id], least)]:
        return [*enough, *unknown]
    losses = {one.level_id: max(accounts[one.level_id].loss.amount, 0) for one in known}
    fewest = min(losses.values(), default=0)
    return [*(one for one in known if losses[one.level_id] == fewest), *unknown]


def _keeps(each, least):
    return (each.outlay + each.net * least - each.net).rounded().amount <= 0
