import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format
from django.utils.timezone import localtime

from tests.factories.accounts import make_shopper, make_staff
from tests.factories.orders import HOME, make_order, make_purchase_orders, make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, take_in
from tests.factories.suppliers import make_offer, make_supplier

pytestmark = pytest.mark.django_db


def found(client, text):
    return client.get("/admin/search/", {"s": text}).content.decode()


@pytest.mark.parametrize("text", ["number", "name", "phone", "email"])
def test_an_order_is_found_by_what_a_customer_says(admin_client, text):
    order = make_order(make_sellable())
    texts = {
        "number": order.number,
        "name": order.ship_to["name"].upper(),
        "phone": order.ship_to["phone"][-6:],
        "email": order.email,
    }

    assert f"/admin/orders/order/{order.pk}/change/" in found(admin_client, texts[text])


def test_orders_of_one_name_are_told_apart_by_customer_date_and_status(admin_client):
    order = make_order(make_sellable(), ship_to=HOME)
    placed = date_format(localtime(order.placed_at), "DATE_FORMAT")

    shown = found(admin_client, HOME.name)

    assert f"Order · {HOME.name} · {placed} · {order.get_status_display()}" in shown


def test_a_variant_is_found_by_its_sku(admin_client):
    variant = make_sellable().variant
    assert f"/admin/catalog/variant/{variant.pk}/change/" in found(admin_client, variant.sku)


def test_only_tables_that_the_user_may_see_are_searched(client):
    client.force_login(make_staff("clerk", "view_variant"))
    listing = make_sellable()
    order = make_order(listing)

    assert order.number not in found(client, order.number)
    assert "/admin/catalog/variant/" in found(client, listing.variant.sku)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("+49 30 1234567", "0301234567"),
        ("+49 30 1234567", "+49 (30) 123-4567"),
        ("030/1234567", "0049 30 1234567"),
        ("+994 50 123 45 67", "050-123-45-67"),
    ],
)
def test_a_phone_number_is_found_in_any_notation(admin_client, stored, typed):
    order = make_order(make_sellable())
    type(order).objects.update(ship_to={**order.ship_to, "phone": stored})

    assert f"/admin/orders/order/{order.pk}/change/" in found(admin_client, typed)


def test_a_variant_is_found_by_gtin_part_number_and_supplier_sku(admin_client):
    variant = make_sellable().variant
    variant.identifiers.create(scheme="gtin", value="00012345678905", raw="012345678905")
    variant.identifiers.create(scheme="mpn", value="tindrel:pd36r+pro", raw="PD36R+ Pro")
    make_offer(variant, sku="Zx-4410b")

    for text in ("012345678905", "PD-36R+ Pro", "Zx-4410b"):
        assert f"/admin/catalog/variant/{variant.pk}/change/" in found(admin_client, text)


def test_a_parcel_and_its_purchase_order_are_found_by_their_numbers(admin_client):
    purchase_order = make_accepted_purchase_order(make_sellable())
    take_in(purchase_order, "shipped", make_shipment_notice(number="JD0146000061"))
    parcel = purchase_order.shipment.parcels.get()

    assert f"/admin/shipping/parcel/{parcel.pk}/change/" in found(admin_client, "jd01 4600 0061")
    assert f"/admin/shipping/parcel/{parcel.pk}/change/" in found(admin_client, "JD-0146000061")
    assert f"/admin/shipping/parcel/{parcel.pk}/change/" in found(admin_client, "00 0061")
    shown = found(admin_client, purchase_order.number)
    assert f"/admin/orders/purchaseorder/{purchase_order.pk}/change/" in shown


def test_a_page_is_found_by_its_name_in_the_navigation(admin_client):
    assert "/admin/supply/matches/" in found(admin_client, "match rev")
    assert "/admin/supply/routing/" in found(admin_client, "SIMULATOR")


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("simulater routing", "/admin/supply/routing/"),
        ("go live", "/admin/supply/go-live/"),
        ("Duplicats", "/admin/supply/duplicates/"),
    ],
)
def test_a_page_is_found_by_words_in_any_order_with_typing_errors(admin_client, text, page):
    assert page in found(admin_client, text)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Günel Əliyeva", "gunel aliyeva"),
        ("Erika Müller", "MULLER"),
        ("Jürgen Größler", "jurgen größler"),
        ("Jürgen Größler", "GROSSLER"),
        ("Anna Grossler", "größler"),
    ],
)
def test_a_customer_is_found_in_plain_letters_and_with_marks(admin_client, stored, typed):
    order = make_order(make_sellable())
    type(order).objects.update(ship_to={**order.ship_to, "name": stored})
    shopper = make_shopper("gunel@example.org")
    type(shopper).objects.filter(pk=shopper.pk).update(name=stored)

    for text in (stored, typed):
        shown = found(admin_client, text)
        assert f"/admin/orders/order/{order.pk}/change/" in shown
        assert f"/admin/accounts/user/{shopper.pk}/change/" in shown


def test_an_order_number_is_found_without_hyphens_and_prefix(admin_client):
    (purchase_order,) = make_purchase_orders(make_sellable())
    order = purchase_order.order
    spoken = order.number.removeprefix("FL-").replace("-", " ").lower()

    for text in (spoken, spoken[-8:], spoken[-4:]):
        assert f"/admin/orders/order/{order.pk}/change/" in found(admin_client, text)
    shown = found(admin_client, spoken)
    assert f"/admin/orders/purchaseorder/{purchase_order.pk}/change/" in shown


def test_a_supplier_is_found_only_with_the_permission_to_see_it(admin_client, client):
    supplier = make_supplier("nitecore")
    assert f"/admin/suppliers/supplier/{supplier.pk}/change/" in found(admin_client, "Niteco")

    client.force_login(make_staff("clerk", "view_order", "view_parcel"))
    assert "/admin/suppliers/supplier/" not in found(client, "Niteco")


def test_a_page_that_the_user_may_not_see_is_not_found(client):
    client.force_login(make_staff("clerk", "view_variant"))

    assert "/admin/supply/matches/" not in found(client, "match rev")


def test_exact_matches_come_first(admin_client):
    (purchase_order,) = make_purchase_orders(make_sellable())
    shown = found(admin_client, purchase_order.number)
    order = shown.index(f"/admin/orders/purchaseorder/{purchase_order.pk}/change/")

    make_order(make_sellable(), ship_to=HOME)
    again = found(admin_client, purchase_order.order.number)

    assert order < len(shown)
    exact = again.index(f"/admin/orders/order/{purchase_order.order_id}/change/")
    assert exact < again.index(f"/admin/orders/purchaseorder/{purchase_order.pk}/change/")


@pytest.mark.parametrize(
    "text", ["headlamp", "012345678905", "erika@example.org", "+49 30 1234567"]
)
def test_a_search_needs_at_most_twelve_statements(admin_client, text):
    make_order(make_sellable())
    found(admin_client, "warm up")

    with CaptureQueriesContext(connection) as queries:
        found(admin_client, text)

    assert len(queries) <= 12
