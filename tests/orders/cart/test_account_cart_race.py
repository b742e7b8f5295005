import pytest

from orders.cart import account_cart, carts
from orders.models import Cart
from tests.factories.accounts import make_shopper
from tests.factories.orders import make_cart
from tests.factories.suppliers import NOON
from tests.orders.cart.test_account_cart import lamp_of
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
TABS = 8
ROUNDS = 3


def bringing(user, cart):
    return lambda: account_cart.merge_guest_cart(owner_id=user.pk, token=cart.token, now=NOON)


def kept(user):
    cart = Cart.objects.get(owner=user)
    return dict(cart.lines.values_list("listing__variant__sku", "quantity"))


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
