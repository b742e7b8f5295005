"""Exchange options: find variants to send instead, compute the difference to refund."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext

from catalog.models import Channel, Listing, Variant
from orders.models import OrderLine, PurchaseLine, ReturnAuthorization, ReturnLine
from orders.returns import refund_amounts
from orders.returns.eligibility import CannotReturnError
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOption:
    """A variant that can be sent instead, at its current price."""

    variant: Variant
    price: Money
    is_dearer: bool  # than the unit price paid, before discounts

    @property
    def title(self) -> str:
        return self.variant.full_title


def find_options(
    purchase_lines: Iterable[PurchaseLine], *, channel: Channel
) -> dict[int, list[ExchangeOption]]:
    """Return, by order line, other variants of the product and its successor, all for sale."""
    by_line = {purchase_line.order_line_id: purchase_line for purchase_line in purchase_lines}
    lines = [purchase_line.order_line for purchase_line in by_line.values()]
    published = Listing.objects.on(channel).published().select_related("variant__product")
    listings = published.filter(
        Q(variant__product__in={line.variant.product_id for line in lines})
        | Q(variant__in={line.variant.replaced_by_id for line in lines})
    ).order_by("variant__position", "variant")
    options: dict[int, list[ExchangeOption]] = defaultdict(list)
    for listing in listings:
        for key, purchase_line in by_line.items():
            if _fits(listing.variant, purchase_line):
                options[key].append(_option(listing, purchase_line.order_line, channel))
    return options


def _fits(variant: Variant, purchase_line: PurchaseLine) -> bool:
    variant_sold = purchase_line.order_line.variant
    is_same = variant.pk == received_variant(purchase_line).pk
    return not is_same and (
        variant.product_id == variant_sold.product_id or variant.pk == variant_sold.replaced_by_id
    )


def _option(listing: Listing, order_line: OrderLine, channel: Channel) -> ExchangeOption:
    amount = listing.price_amount or Decimal(0)
    return ExchangeOption(
        variant=listing.variant,
        price=Money(amount, channel.currency),
        is_dearer=amount > order_line.unit_amount,
    )


def received_variant(purchase_line: PurchaseLine) -> Variant:
    """Return the variant the customer received: the ordered one or its substitute."""
    return purchase_line.offer.variant or purchase_line.order_line.variant


def choose_variants(
    authorization: ReturnAuthorization,
    lines: Sequence[ReturnLine],
    purchase_lines: Mapping[int, PurchaseLine],
    choice: Mapping[int, int | None] | None,
) -> dict[int, Variant | ExchangeOption]:
    """Return, by order line, what is sent for each accepted line.

    After a withdrawal only the variant the customer requested is possible.

    Shape:  ``choice`` by order line; None uses the requested variants
    Raises: CannotReturnError
    """
    options = find_options(purchase_lines.values(), channel=authorization.order.channel)
    return {
        line.order_line_id: _choose_variant(
            authorization,
            line,
            purchase_lines[line.order_line_id],
            options.get(line.order_line_id, []),
            choice,
        )
        for line in lines
        if line.accepted_quantity and line.order_line_id in purchase_lines
    }


def _choose_variant(
    authorization: ReturnAuthorization,
    line: ReturnLine,
    purchase_line: PurchaseLine,
    options: Sequence[ExchangeOption],
    choice: Mapping[int, int | None] | None,
) -> Variant | ExchangeOption:
    same = received_variant(purchase_line)
    variant_id = (choice or {}).get(line.order_line_id, line.wanted_id) or same.pk
    if authorization.is_withdrawal and (line.wanted_id is None or variant_id != line.wanted_id):
        raise CannotReturnError(
            gettext(
                "A withdrawal ends with the exchange that the customer chose, or with "
                "a refund. Choose one of the two."
            )
        )
    if variant_id == same.pk:
        return same
    for option in options:
        if option.variant.pk == variant_id:
            return option
    raise CannotReturnError(unavailable_message(line))


def require_all_or_none(requested: Iterable[bool]) -> None:
    """Require an exchange for all lines of a withdrawal or none: a withdrawal ends as a whole.

    Shape:  one flag per line
    Raises: CannotReturnError
    """
    if len(set(requested)) > 1:
        message = gettext("Request a refund and an exchange separately, one after the other.")
        raise CannotReturnError(message)


def unavailable_message(line: ReturnLine) -> str:
    message = gettext("The replacement for %(title)s is not available now. Choose another product.")
    return message % {"title": line.order_line.title}


def find_purchase_lines(authorization: ReturnAuthorization) -> dict[int, PurchaseLine]:
    """Return the active purchase lines of a return, by order line id."""
    rows = PurchaseLine.objects.filter(
        order_line__return_lines__authorization=authorization, is_active=True
    ).select_related(
        "purchase_order__order", "order_line__variant__product", "offer__variant__product"
    )
    return {row.order_line_id: row for row in rows}


def to_variant(option: Variant | ExchangeOption) -> Variant:
    return option.variant if isinstance(option, ExchangeOption) else option


def refund_difference(
    line: ReturnLine, variant: Variant | ExchangeOption, *, currency: str, is_free: bool
) -> Money:
    """Return the refund if the exchanged variant costs less than was paid.

    The discount rate of the sale applies to the new price. The refund and the amount that we keep
    add up to the paid amount, to the cent.

    Raises: CannotReturnError  the variant costs more, and ``is_free`` is False
    """
    zero = Money.zero(currency)
    if not isinstance(variant, ExchangeOption):
        return zero
    order_line = line.order_line
    paid = refund_amounts.paid_for(line, currency=currency)
    refundable = paid - Money(line.deduction_amount, currency)
    if not order_line.unit_amount:  # a free replacement
        price = variant.price
    else:
        amount = paid.amount * variant.price.amount / order_line.unit_amount
        price = Money(amount, currency).rounded()
    if price > refundable and not is_free:
        message = gettext(
            "%(title)s costs more than the returned item. Refund the customer so that "
            "they can order it, or choose to send it at no extra cost."
        )
        raise CannotReturnError(message % {"title": variant.title})
    return max(refundable - price, zero)
