"""Account cart: keep one cart per account and channel on all devices, delete abandoned carts."""

from datetime import datetime

from django.db import transaction

from catalog.models import Channel
from orders.cart import carts
from orders.models import Cart, CartLine, Order
from orders.models.cart import CART_RETENTION, MAX_QUANTITY
from orders.promotions import codes
from storefront.accounts.models import User
from storefront.lib.db.transactions import requires_transaction

PURGE_BATCH = 5_000


def account_cart(*, owner_id: int, channel: Channel, now: datetime) -> Cart | None:
    """Return the open cart of an account on a channel: not ordered, used within 30 days."""
    return (
        Cart.objects.filter(owner=owner_id, channel=channel, is_current=True, order__isnull=True)
        .filter(updated_at__gte=now - CART_RETENTION)
        .select_related("channel")
        .first()
    )


@transaction.atomic(durable=True)
def create(*, owner_id: int, channel: Channel, country: str, locale: str, now: datetime) -> Cart:
    """Return the cart of an account on a channel, created if it has none.

    Locks:  the account
    """
    _lock(owner_id)
    if mine := account_cart(owner_id=owner_id, channel=channel, now=now):
        return mine
    opened = carts.open_cart(channel=channel, country=country, locale=locale, now=now)
    _assign(opened, owner_id)
    return opened


@transaction.atomic(durable=True)
def merge_guest_cart(*, owner_id: int, channel: Channel, token: str, now: datetime) -> Cart | None:
    """Merge the browser's guest cart into the cart of the account on the same channel.

    Quantities are added, up to the maximum. Of two prices, the lower guaranteed one is kept, with
    its time. A cart of another account or channel is left alone.

    Locks:  the account, then both carts in id order
    """
    _lock(owner_id)
    mine = account_cart(owner_id=owner_id, channel=channel, now=now)
    guest_cart = carts.find(token=token, now=now) if token else None
    if guest_cart is None or guest_cart.owner_id is not None or guest_cart.channel != channel:
        return mine
    both = [guest_cart.pk] if mine is None else [guest_cart.pk, mine.pk]
    rows = Cart.objects.filter(pk__in=both).select_for_update(of=["self"])
    list(rows.order_by("pk"))
    # Read again under the lock: either may have been ordered in the meantime.
    mine = account_cart(owner_id=owner_id, channel=channel, now=now)
    guest_cart = carts.find(token=token, now=now)
    if guest_cart is None:
        return mine
    if mine is None:
        _assign(guest_cart, owner_id)
        return guest_cart
    _merge(mine, guest_cart, now)
    return mine


@requires_transaction
def claim_guest_orders(*, owner_id: int, addresses: list[str]) -> None:
    """Assign guest orders with a verified address of the account to the account.

    Shape:  ``addresses`` in lower case
    """
    theirs = Order.objects.of(owner_id, addresses).values("pk")
    Cart.objects.filter(order__in=theirs, owner=None).update(owner=owner_id)


@requires_transaction
def _lock(owner_id: int) -> None:
    User.objects.select_for_update(of=["self"], no_key=True).get(pk=owner_id)


@requires_transaction
def _assign(cart: Cart, owner_id: int) -> None:
    theirs = Cart.objects.filter(owner=owner_id, channel=cart.channel_id, is_current=True)
    theirs.update(is_current=False)
    # A new token: the old one may be known to others.
    cart.owner_id, cart.is_current, cart.token = owner_id, True, carts.new_token()
    cart.save(update_fields=["owner", "is_current", "token"])


@requires_transaction
def _merge(mine: Cart, guest_cart: Cart, now: datetime) -> None:
    known = {line.listing_id: line for line in mine.lines.all()}
    for line in guest_cart.lines.order_by("pk"):
        if (existing := known.get(line.listing_id)) is None:
            guest_cart.lines.filter(pk=line.pk).update(cart=mine)
            continue
        existing.quantity = min(existing.quantity + line.quantity, MAX_QUANTITY)
        better = _cheaper_line(existing, line, now)
        existing.quoted_amount, existing.quoted_at = better.quoted_amount, better.quoted_at
        existing.save(update_fields=["quantity", "quoted_amount", "quoted_at"])
    mine.codes = list(dict.fromkeys([*mine.codes, *guest_cart.codes]))[: codes.MAX_CODES]
    if guest_cart.ship_to:
        mine.email, mine.ship_to = guest_cart.email, guest_cart.ship_to
        mine.country, mine.service = guest_cart.country, guest_cart.service
        mine.address_verification = guest_cart.address_verification
        mine.sms_number = guest_cart.sms_number
    mine.updated_at = now
    fields = ["codes", "email", "sms_number", "ship_to", "address_verification", "country"]
    mine.save(update_fields=[*fields, "service", "updated_at"])
    guest_cart.delete()


def _cheaper_line(one: CartLine, other: CartLine, now: datetime) -> CartLine:
    promised = [line for line in (one, other) if line.is_price_guaranteed(now)]
    if promised:
        return min(promised, key=lambda line: line.quoted_amount)
    return max(one, other, key=lambda line: line.quoted_at)


@transaction.atomic(durable=True)
def purge_abandoned(*, now: datetime) -> int:
    """Delete carts unused for 30 days that were not ordered; return how many.

    Locks:  the carts, in id order; a locked cart is left for the next run
    """
    old = Cart.objects.filter(updated_at__lt=now - CART_RETENTION, order__isnull=True).order_by(
        "pk"
    )
    rows = old.select_for_update(of=["self"], skip_locked=True)[:PURGE_BATCH]
    keys = [cart.pk for cart in rows]
    Cart.objects.filter(pk__in=keys).delete()
    return len(keys)
