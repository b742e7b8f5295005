"""What routing may choose from, told without what routing asks."""

from __future__ import annotations

from orders import earning


def account(need, one):
    """Set a line against what it costs from one place; None where nobody can say."""
    if need.sold is None or one.landed is None:
        return None
    return earning.of_line(
        one.landed, quantity=need.quantity, gross=need.sold.gross, tax_rate=need.sold.tax_rate
    )


def earning_places(need, able, least):
    """Leave those that earn what they must, or else those that lose nothing, or lose least."""
    if least is None:
        return able
    accounts = [(one, account(need, one)) for one in able]
    enough = [one for one, its in accounts if its is None or _keeps(its, least)]
    if enough:
        return enough
    losses = [(one, max(its.loss.amount, 0)) for one, its in accounts]
    fewest = min((loss for _, loss in losses), default=0)
    return [one for one, loss in losses if loss == fewest]


def _keeps(each, least):
    return (each.outlay + each.net * least - each.net).rounded().amount <= 0
