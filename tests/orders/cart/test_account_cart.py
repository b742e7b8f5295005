from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.cart import account_cart, carts
from orders.models import Cart, CartLine, Order
from tests.factories.accounts import make_shopper
from tests.factories.catalog import make_channel, make_variant
from tests.factories.orders import make_cart, make_sellable, order_of
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
RACE = pytest.mark.django_db(transaction=True)
TABS = 8
ROUNDS = 3


def lamp_of(sku, **known):
    return make_sellable(variant=make_variant(sku=sku), **known)


def bring(user, cart=None, now=NOON):
    return account_cart.merge_guest_cart(
        owner_id=user.pk, channel=make_channel(), token=cart.token if cart else "", now=now
    )


def held(cart):
    return dict(cart.lines.values_list("listing__variant__sku", "quantity"))


@pytest.fixture
def erika():
    return make_shopper()


def test_a_guest_cart_is_assigned_with_a_new_token(erika):
    cart = make_cart(lamp_of("A"), quantity=2)

    kept = bring(erika, cart)

    assert kept.pk == cart.pk
    assert kept.owner_id == erika.pk
    assert held(kept) == {"A": 2}
    assert carts.find(token=cart.token, now=NOON) is None
    assert (
        account_cart.account_cart(owner_id=erika.pk, channel=make_channel(), now=NOON).token
        == kept.token
    )


def test_two_carts_are_merged_with_all_lines(erika):
    one, two, three = (lamp_of(sku) for sku in "ABC")
    mine = bring(erika, make_cart(one, two, quantity=2))
    brought = make_cart(two, three, quantity=3)

    kept = bring(erika, brought)

    assert kept.pk == mine.pk
    assert held(kept) == {"A": 2, "B": 5, "C": 3}
    assert not Cart.objects.filter(pk=brought.pk).exists()


def test_the_phone_number_for_text_messages_comes_with_the_address(erika):
    mine, brought = bring(erika, make_cart(lamp_of("A"))), make_cart(lamp_of("B"))
    for cart, number in ((mine, "+4915100000001"), (brought, "+4915100000002")):
        address = {"name": "Erika", "country": "DE"}
        Cart.objects.filter(pk=cart.pk).update(sms_number=number, ship_to=address)

    assert bring(erika, Cart.objects.get(pk=brought.pk)).sms_number == "+4915100000002"


def test_quantities_add_up_to_the_maximum(erika):
    lamp = lamp_of("A", quantity=200)
    bring(erika, make_cart(lamp, quantity=60))

    assert held(bring(erika, make_cart(lamp, quantity=60))) == {"A": 99}


@pytest.mark.parametrize(
    ("mine", "brought", "kept"),
    [
        (("30", 0), ("20", 5), "20"),
        (("20", 5), ("30", 0), "20"),
        (("20", 31), ("30", 5), "30"),
        (("30", 5), ("20", 31), "30"),
        (("20", 40), ("30", 35), "30"),
    ],
)
def test_the_lower_guaranteed_price_is_kept(erika, mine, brought, kept):
    lamp = lamp_of("A")
    both = [bring(erika, make_cart(lamp)), make_cart(lamp)]
    for cart, (price, minutes) in zip(both, (mine, brought), strict=True):
        cart.lines.update(quoted_amount=Decimal(price), quoted_at=NOON - timedelta(minutes=minutes))

    line = bring(erika, both[1]).lines.get()

    assert line.quoted_amount == Decimal(kept)
    assert line.quantity == 2


def test_a_cart_of_another_account_is_not_merged(erika):
    otto = make_shopper("otto@example.org")
    otto_cart = bring(otto, make_cart(lamp_of("A")))

    assert bring(erika, otto_cart) is None
    otto_cart.refresh_from_db()
    assert otto_cart.owner_id == otto.pk


def test_an_ordered_cart_is_not_merged(erika):
    mine = bring(erika, make_cart(lamp_of("A")))
    order = order_of(mine)

    fresh = account_cart.create(
        owner_id=erika.pk, channel=make_channel(), country="DE", locale="en", now=NOON
    )

    assert bring(erika, mine).pk == fresh.pk
    assert fresh.pk != mine.pk
    assert list(Order.objects.of(erika.pk, [])) == [order]


def test_a_cart_is_kept_for_30_days(erika):
    bring(erika, make_cart(lamp_of("A")))

    assert account_cart.account_cart(
        owner_id=erika.pk, channel=make_channel(), now=NOON + timedelta(days=30)
    )
    assert (
        account_cart.account_cart(
            owner_id=erika.pk, channel=make_channel(), now=NOON + timedelta(days=30, seconds=1)
        )
        is None
    )


def test_a_merged_cart_is_closed(erika):
    lamp = lamp_of("A")
    bring(erika, make_cart(lamp))
    brought = make_cart(lamp)
    bring(erika, brought)

    with pytest.raises(carts.PlacedCartError):
        carts.add(cart=brought, listing_id=lamp.pk, quantity=1, now=NOON)
    assert CartLine.objects.count() == 1


def test_the_database_allows_one_current_cart_per_account(erika):
    bring(erika, make_cart(lamp_of("A")))
    other = make_cart()

    with pytest.raises(IntegrityError), transaction.atomic():
        Cart.objects.filter(pk=other.pk).update(owner=erika, is_current=True)


def bringing(user, cart):
    return lambda: bring(user, cart)


def kept(user):
    return held(Cart.objects.get(owner=user))


@RACE
@pytest.mark.parametrize("has_one", [True, False])
def test_eight_tabs_with_one_cart_leave_one_cart(has_one):
    lamp, other = lamp_of("A"), lamp_of("B")
    for number in range(ROUNDS):
        user = make_shopper(f"a{number}@example.org")
        if has_one:
            bringing(user, make_cart(lamp, quantity=1))()
        cart = make_cart(lamp, other, quantity=2)

        assert all_at_once([bringing(user, cart)] * TABS, ()) == 0

        assert kept(user) == {"A": 2 + has_one, "B": 2}
        assert not Cart.objects.filter(owner=None).exists()


@RACE
@pytest.mark.parametrize("has_one", [True, False])
def test_eight_devices_with_a_cart_each_leave_one_cart_with_all_lines(has_one):
    lamps = [lamp_of(f"L{number}", quantity=99) for number in range(TABS)]
    shared = lamp_of("ALL", quantity=99)
    for number in range(ROUNDS):
        user = make_shopper(f"a{number}@example.org")
        if has_one:
            bringing(user, make_cart(shared))()
        each = [make_cart(lamp, shared) for lamp in lamps]

        assert all_at_once([bringing(user, cart) for cart in each], ()) == 0

        assert kept(user) == {f"L{number}": 1 for number in range(TABS)} | {"ALL": TABS + has_one}


@RACE
def test_an_item_added_during_sign_in_is_kept_or_rejected():
    lamp, late = lamp_of("A"), lamp_of("LATE")
    for number in range(ROUNDS):
        user = make_shopper(f"a{number}@example.org")
        bringing(user, make_cart(lamp))()
        cart = make_cart(lamp)

        refused = all_at_once(
            [
                bringing(user, cart),
                lambda cart=cart: carts.add(cart=cart, listing_id=late.pk, quantity=1, now=NOON),
            ],
            carts.PlacedCartError,
        )

        assert kept(user) == {"A": 2} | ({} if refused else {"LATE": 1})
