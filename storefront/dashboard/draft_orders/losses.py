"""Losses of a draft: compare what its items are sold for with their current costs."""

from datetime import datetime

from catalog.models import Channel
from catalog.pricing import policy
from orders.pricing import margins
from shipping.availability.cart_summary import CartSummary
from storefront.lib.money import Money


def find(filled: CartSummary, *, channel: Channel, now: datetime) -> list[tuple[str, Money]]:
    """Return the SKU and the loss of each item that costs more than it is sold for.

    An item of unknown cost is left out: its purchase order is held before its submission.
    """
    if filled.quote is None or filled.short:
        return []
    costing = policy.load_recent_costing(channel, now=now, country=filled.country)
    losses = []
    for line in filled.cart.lines:
        parts = filled.quote.planned[line.variant_id]
        shares = filled.totals.lines[line.id].parts([part.quantity for part in parts])
        loss = Money.zero(channel.currency)
        for part, share in zip(parts, shares, strict=True):
            source = part.candidate
            landed = costing.landed(
                source.wholesale, origins=(source.country,), supplier_code=source.supplier_code
            )
            if landed is not None:
                margin = margins.line_margin(
                    landed,
                    quantity=part.quantity,
                    gross=share.charge,
                    tax_rate=filled.totals.treatment.rate,
                )
                loss += margin.loss
        if loss.amount > 0:
            losses.append((line.sku, loss))
    return losses
