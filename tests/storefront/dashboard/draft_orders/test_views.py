"""Draft order pages: find products, enter the customer, choose delivery, place, edit."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Channel, Listing
from notifications.models import Event
from orders.models import Cart, Order
from orders.promotions import codes
from storefront.accounts.models import User
from storefront.dashboard.orders import timeline
from suppliers.models import ShippingService, StockLevel
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.orders import make_order, make_sellable
from tests.factories.promotions import make_promotion
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

WHO = "ann@fara.example"
ADDRESS = {
    "email": "erika@example.org",
    "name": "Erika Muster",
    "line1": "Musterweg 1",
    "line2": "",
    "postcode": "10115",
    "city": "Berlin",
    "region": "",
    "country": "DE",
    "phone": "",
}


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def do(staff, page, act, **data):
    return staff.post(page, {"act": act, **data})


def fill(staff, page, light, quantity=2):
    do(staff, page, "quantity", listing=light.pk, quantity=quantity)
    do(staff, page, "recipient", **ADDRESS)
    return staff.get(page)


def place(staff, page, **changes):
    shown = staff.get(page).content.decode()
    sent = {
        name: re.search(rf'name="{name}" value="([^"]+)"', shown)[1]
        for name in ("agreed", "arrives_to")
    }
    return do(staff, page, "place", **{**sent, **changes})


def test_a_market_and_one_of_its_languages_are_chosen(staff, light):
    Channel.objects.filter(code="shop").update(languages=["en"])
    start = reverse("supply:draft_orders")

    answer = staff.post(start, {"market": "shop", "language": "az"})
    assert "Languages of this market: English." in text_of(answer)
    assert not Cart.objects.exists()
    staff.post(start, {"market": "shop", "language": "en"})

    draft = Cart.objects.get()
    assert (draft.entered_by, draft.locale, draft.country) == (WHO, "en", "DE")
    assert reverse("supply:draft_order", args=[draft.pk]) in text_of(staff.get(start))


@pytest.mark.parametrize("what", ["title", "sku", "gtin"])
def test_products_are_found_by_title_sku_and_gtin(staff, page, light, what):
    light.variant.identifiers.create(scheme="gtin", value="04012345678901", raw="4012345678901")
    texts = {
        "title": light.variant.product.title,
        "sku": light.variant.sku.lower(),
        "gtin": "4012345678901",
    }

    found = text_of(staff.get(page, {"q": texts[what]}))

    assert f'name="listing" value="{light.pk}"' in found
    assert "€39.99" in found
    assert re.search(r"2026-\d\d-\d\d</time> – <time>2026-\d\d-\d\d", found)


def test_a_search_says_what_is_missing_sold_out_or_cut(staff, page, light, monkeypatch):
    assert "No products for sale match." in text_of(staff.get(page, {"q": "nothing like it"}))

    Listing.objects.update(available=0)
    sku = light.variant.sku
    assert "Not available" in text_of(staff.get(page, {"q": sku}))

    monkeypatch.setattr("storefront.dashboard.draft_orders.product_search.MAX_RESULTS", 0)
    assert "There are more results." not in text_of(staff.get(page))


def test_more_results_than_shown_are_announced(staff, page, light, monkeypatch):
    make_sellable(variant=light.variant.product.variants.create(sku="ZZ-2", position=2))
    monkeypatch.setattr("storefront.dashboard.draft_orders.product_search.MAX_RESULTS", 1)

    found = text_of(staff.get(page, {"q": light.variant.product.title}))

    assert "There are more results." in found


def test_an_order_is_placed_unpaid_for_the_shown_total_and_its_link_is_sent(staff, page, light):
    shown = text_of(fill(staff, page, light))
    assert "€79.98" in shown

    answer = place(staff, page)

    order = Order.objects.get()
    assert answer.url == reverse("admin:orders_order_change", args=[order.pk])
    assert (order.status, order.email) == ("pending_payment", "erika@example.org")
    assert order.payment_due_at == NOON + timedelta(hours=1)
    assert Event.objects.get().name == "order.payment_link"
    entries = timeline.load(order.pk, user=User(is_superuser=True, is_active=True)).entries
    assert [(one.title, one.actor) for one in entries][-1] == ("Order placed by staff", WHO)


def test_a_second_click_and_the_back_button_lead_to_the_same_order(staff, page, light):
    fill(staff, page, light)
    first = place(staff, page)

    for answer in (do(staff, page, "place"), staff.get(page), do(staff, page, "discard")):
        assert answer.url == first.url

    assert Order.objects.count() == 1


def test_an_outdated_page_places_nothing_and_shows_the_new_total(staff, page, light):
    fill(staff, page, light)

    refused = place(staff, page, agreed="1.00")
    assert refused.status_code == 422
    assert "The total changed in the meantime." in text_of(refused)
    for wrong in ({"agreed": "none"}, {"agreed": "NaN"}, {"arrives_to": "soon"}):
        assert "Something changed or is missing." in text_of(place(staff, page, **wrong))

    assert not Order.objects.exists()


def test_what_sells_out_meanwhile_is_refused_at_its_line(staff, page, light):
    fill(staff, page, light)
    StockLevel.objects.update(reported_quantity=1)

    refused = place(staff, page) if "agreed" in text_of(staff.get(page)) else staff.get(page)

    assert not Order.objects.exists()
    assert "Only 1 available right now." in text_of(refused)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"available": 0}, "This item has just sold out."),
        ({"price_amount": None}, "The price is being checked"),
        ({"available": 1}, "Only 1 available right now."),
    ],
)
def test_a_line_that_cannot_be_ordered_says_why(staff, page, light, changed, said):
    fill(staff, page, light)
    Listing.objects.update(**changed)

    shown = text_of(staff.get(page))

    assert said in shown
    assert "Place order and send payment link" not in shown


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ("many", "Enter a number from 0 to 99."),
        ("9", "Only 5 available right now."),
    ],
)
def test_a_wrong_quantity_is_refused_at_its_product(staff, page, light, quantity, said):
    sent = {"listing": light.pk, "quantity": quantity, "q": light.variant.sku}
    refused = do(staff, page, "quantity", **sent)
    assert refused.status_code == 422
    assert said in text_of(refused)

    do(staff, page, "quantity", listing=light.pk, quantity=1)
    refused = do(staff, page, "quantity", listing=light.pk, quantity=quantity)
    assert said in text_of(refused)


def test_an_unknown_product_is_refused(staff, page):
    refused = do(staff, page, "quantity", listing=999_999, quantity=1)
    assert "This product does not exist." in text_of(refused)


def test_a_line_is_removed(staff, page, light):
    do(staff, page, "quantity", listing=light.pk, quantity=2)

    answer = do(staff, page, "quantity", listing=light.pk, quantity=2, remove="1", q="lamp")

    assert answer.url == f"{page}?q=lamp"
    assert "No items yet." in text_of(staff.get(page))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "", "Enter the e-mail address. The payment link goes there."),
        ("country", "KP", "We do not deliver to this country yet."),
        ("line1", "Packstation 7", "Carriers do not deliver to PO boxes"),
        ("postcode", "1", "This postcode does not match the country."),
        ("name", "", "Enter the name of the person who receives the parcel."),
    ],
)
def test_an_address_is_checked_as_at_checkout(staff, page, field, value, said):
    refused = do(staff, page, "recipient", **{**ADDRESS, field: value})

    assert refused.status_code == 422
    assert said in text_of(refused)
    assert Cart.objects.get().ship_to == {}


def test_a_doubtful_address_needs_a_reason_and_a_usual_spelling_a_choice(staff, page, light):
    typed = {**ADDRESS, "line1": "Packstation 7"}
    asked = text_of(do(staff, page, "recipient", **typed))
    about = re.search(r'name="about" value="(\w+)"', asked)[1]
    do(staff, page, "recipient", **typed, about=about, reason="It is a street name")
    assert Cart.objects.get().address_verification["reason"] == "It is a street name"

    typed = {**ADDRESS, "postcode": "D-10115"}
    asked = text_of(do(staff, page, "recipient", **typed))
    assert "Which address does the customer confirm?" in asked
    about = re.search(r'name="about" value="(\w+)"', asked)[1]
    do(staff, page, "recipient", **typed, about=about, choice="suggested")
    assert Cart.objects.get().ship_to["postcode"] == "10115"


@pytest.mark.parametrize("choice", ["suggested", "typed"])
def test_an_answered_choice_stays_beside_an_open_question(staff, page, light, choice):
    typed = {**ADDRESS, "line1": "Packstation 7", "postcode": "D-10115"}
    asked = text_of(do(staff, page, "recipient", **typed))
    about = re.search(r'name="about" value="(\w+)"', asked)[1]

    again = text_of(do(staff, page, "recipient", **typed, about=about, choice=choice))

    assert f'value="{choice}" checked' in again


def test_a_region_is_chosen_from_a_list(staff, page, light):
    Channel.objects.update(countries=["DE", "US"])
    typed = {**ADDRESS, "country": "US", "postcode": "10001", "city": "New York"}

    asked = text_of(do(staff, page, "recipient", **typed))
    assert '<option value="New York">' in asked
    assert "Enter the state or region." in asked
    do(staff, page, "recipient", **{**typed, "region": "New York"})

    shown = text_of(staff.get(page))
    assert '<option value="New York" selected>' in shown


def test_an_item_that_cannot_go_to_the_country_is_refused(staff, page, light):
    Channel.objects.update(countries=["DE", "FR"])
    ShippingService.objects.update(countries=["DE"])
    do(staff, page, "quantity", listing=light.pk, quantity=1)
    french = {**ADDRESS, "country": "FR", "postcode": "75001", "city": "Paris"}
    do(staff, page, "recipient", **french)

    assert "Place order and send payment link" not in text_of(staff.get(page))
    refused = text_of(do(staff, page, "quantity", listing=light.pk, quantity=2))
    assert "We cannot deliver this to France." in refused


def test_the_delivery_method_is_one_that_is_offered(staff, page, light):
    make_service(light.level.location, code="express", tier="express")
    fill(staff, page, light)

    refused = do(staff, page, "delivery", delivery="balloon")
    assert "Choose a delivery method." in text_of(refused)
    do(staff, page, "delivery", delivery="express")

    assert Cart.objects.get().service == "express"
    assert 'value="express" checked' in text_of(staff.get(page))


def test_a_code_lowers_the_total_and_a_wrong_one_says_why(staff, page, light, monkeypatch):
    make_promotion(code="AUTUMN10")
    fill(staff, page, light)

    for code, said in (("", "Enter a code."), ("WINTER", "This code is not valid.")):
        assert said in text_of(do(staff, page, "add_code", code=code))
    do(staff, page, "add_code", code="autumn10")
    assert "These items are already at their lowest price." in text_of(staff.get(page))
    Listing.objects.update(floor_amount=Decimal("20.00"))
    assert "-€8.00" in text_of(staff.get(page))
    monkeypatch.setattr(codes, "MAX_CODES", 0)
    assert "maximum number of codes" in text_of(do(staff, page, "add_code", code="autumn10"))

    do(staff, page, "remove_code", code="AUTUMN10")
    assert Cart.objects.get().codes == []


def test_a_discarded_draft_is_gone(staff, page, light):
    assert do(staff, page, "discard").url == reverse("supply:draft_orders")
    assert staff.get(page).status_code == 404


def test_an_unknown_act_changes_nothing(staff, page, light):
    assert do(staff, page, "dance").url == page


def test_the_page_needs_its_own_permission(client, light):
    client.force_login(make_staff("ben", "view_order", "change_order", "cancel_order"))
    order = make_order(light)
    draft = Cart.objects.create(
        channel=make_channel(), country="DE", entered_by="ann", created_at=NOON, updated_at=NOON
    )

    for path in (
        reverse("supply:draft_orders"),
        reverse("supply:draft_order", args=[draft.pk]),
        reverse("admin:orders_order_edit_unpaid", args=[order.pk]),
        reverse("admin:orders_order_create_order"),
    ):
        assert "(orders.place_order)" in text_of(client.post(path))
    assert "Draft orders" not in text_of(client.get("/admin/"))


def test_an_unpaid_order_is_edited_from_its_page(staff, light):
    order = make_order(light)
    path = reverse("admin:orders_order_edit_unpaid", args=[order.pk])

    assert "The old payment link says that the order was changed" in text_of(staff.get(path))
    answer = staff.post(path)

    draft = Cart.objects.exclude(entered_by="").get()
    assert answer.url == reverse("supply:draft_order", args=[draft.pk])
    order.refresh_from_db()
    assert order.status == "canceled"
    assert "so it cannot be edited" in text_of(staff.post(path))
    listed = staff.get(reverse("admin:orders_order_create_order"))
    assert listed.url == reverse("supply:draft_orders")


def test_a_full_page_needs_at_most_sixteen_statements(staff, page, light):
    fill(staff, page, light)
    staff.get(page, {"q": light.variant.sku})

    with CaptureQueriesContext(connection) as queries:
        staff.get(page, {"q": light.variant.sku})

    assert len(queries) <= 16
