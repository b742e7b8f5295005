"""Product alerts on the pages: ask on the product page, confirm and stop by the link."""

import pytest

from catalog.models import Listing, Product
from notifications.models import Event
from shipping.models import ProductAlert
from shipping.rates import quotes
from storefront.privacy import personal_data
from storefront.web.core.visit import COUNTRY_COOKIE
from suppliers.models import ShippingService, StockLevel
from tests.factories.accounts import PASSWORD, make_shopper
from tests.factories.product_alerts import subscribe
from tests.storefront.web.conftest import shelve
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db
PRODUCT = "/en/p/trail-400/"
ASK = f"{PRODUCT}alert/"
ERIKA = "erika@example.org"


@pytest.fixture
def sold_out(light):
    StockLevel.objects.filter(offer__variant=light.variant).update(reported_quantity=0)
    Listing.objects.filter(pk=light.pk).update(available=0)
    shelve(light.variant.product)
    quotes.clear_cache()
    return light


def form_of(page):
    """Return the fields of the form of the product page."""
    [form] = page.all("form", **{"class": "buy-alert"})
    kinds = [each["value"] for each in page.all("input", name="kind")]
    listings = [each["value"] for each in page.all("input", name="listing", type="hidden")]
    return form["action"], {"kind": kinds[0], "listing": listings[-1]}


def ask(client, item, **written):
    data = {"kind": "back_in_stock", "listing": item.pk, "email": ERIKA, **written}
    return client.post(ASK, data)


def path_of(event):
    return event.payload["url"].partition("8000")[2]


def test_a_sold_out_item_can_be_asked_for_without_scripts(customer, sold_out):
    action, fields = form_of(Page(customer.get(PRODUCT)))

    answer = customer.post(action, {**fields, "email": "Erika@Example.org"}, follow=True)

    assert "Check your mailbox" in answer.content.decode()
    alert = ProductAlert.objects.get()
    assert (alert.email, alert.country, alert.confirmed_at) == (ERIKA, "DE", None)
    assert Event.objects.get(name="product_alert.asked").payload["email"] == ERIKA


def test_the_link_confirms_and_stops_only_by_a_button(customer, sold_out):
    ask(customer, sold_out)
    path = path_of(Event.objects.get(name="product_alert.asked"))
    page = Page(customer.get(path))
    assert (page.faults, page.unlabeled()) == ([], [])
    assert ProductAlert.objects.get().confirmed_at is None

    confirmed = customer.post(path, {"action": "confirm"}, follow=True)
    stopped = customer.post(path, {"action": "stop"}, follow=True)

    assert f"Confirmed. We write to {ERIKA} once." in confirmed.content.decode()
    assert "This request has ended" in stopped.content.decode()
    assert stopped.status_code == 404
    assert not ProductAlert.objects.exists()


def test_a_verified_account_needs_no_mail_and_sees_its_alerts(customer, sold_out):
    make_shopper(ERIKA)
    customer.login(username=ERIKA, password=PASSWORD)
    assert ERIKA in customer.get(f"{ASK}?kind=price_drop&listing={sold_out.pk}").content.decode()

    answer = ask(customer, sold_out)

    assert "outcome=stored" in answer.url
    assert "Under Messages in your account" in customer.get(answer.url).content.decode()
    assert ProductAlert.objects.get().confirmed_at is not None
    assert not Event.objects.filter(name="product_alert.asked").exists()
    assert ask(customer, sold_out, kind="price_drop").status_code == 303
    listed = customer.get("/en/account/messages/").content.decode()
    assert ("available again" in listed, "price drop" in listed) == (True, True)


def test_the_address_of_another_person_is_asked_also_from_an_account(customer, sold_out):
    make_shopper(ERIKA)
    customer.login(username=ERIKA, password=PASSWORD)

    ask(customer, sold_out, email="other@example.org")

    assert ProductAlert.objects.get().confirmed_at is None


def test_a_price_drop_is_asked_for_on_its_own_page(customer, light):
    page = Page(customer.get(PRODUCT))
    [link] = [each["href"] for each in page.all("a") if "kind=price_drop" in each.get("href", "")]
    assert "Notify me when the price drops" in customer.get(link).content.decode()

    ask(customer, light, kind="price_drop")

    assert ProductAlert.objects.get().price_amount == light.price_amount


@in_each_language
def test_the_pages_are_valid(customer, sold_out, language):
    subscribe(sold_out, kind="price_drop", is_verified=False, locale=language)
    for query in ("", "&outcome=sent", "&outcome=stored"):
        for kind in ("back_in_stock", "price_drop"):
            path = f"/{language}/p/trail-400/alert/?kind={kind}&listing={sold_out.pk}{query}"
            page = Page(customer.get(path))
            assert (page.faults, page.unlabeled()) == ([], []), path
    path = path_of(Event.objects.get(name="product_alert.asked"))
    assert "price" in customer.get(path.replace(f"/{language}/", "/en/")).content.decode()


@pytest.mark.parametrize(
    ("email", "website", "message"),
    [
        ("erika", "", "name@example.org"),
        ("", "", "Enter your e-mail address, so that we can write to you."),
        (ERIKA, "https://spam.example", "Clear this field"),
    ],
)
def test_wrong_input_is_explained_and_kept(customer, sold_out, email, website, message):
    answer = ask(customer, sold_out, email=email, website=website)

    page = Page(answer)
    assert answer.status_code == 422
    assert message in page.text
    assert (page.faults, page.unlabeled()) == ([], [])
    assert not ProductAlert.objects.exists()


def test_an_item_that_is_back_leads_to_its_page(customer, light):
    answer = ask(customer, light)

    assert (answer.status_code, answer.url) == (303, f"{PRODUCT}?v={light.variant.sku}")
    assert not ProductAlert.objects.exists()


def test_one_address_gets_five_requests_an_hour(customer, sold_out):
    answers = [ask(customer, sold_out).status_code for _ in range(6)]

    assert answers == [303] * 5 + [429]


@pytest.mark.parametrize("field", ["kind", "listing"])
def test_a_forged_form_is_not_found(customer, sold_out, field):
    assert ask(customer, sold_out, **{field: "x"}).status_code == 404


def test_another_site_cannot_send_the_form(client, sold_out):
    client.defaults |= {"HTTP_SEC_FETCH_SITE": "cross-site"}

    assert ask(client, sold_out).status_code == 403


def test_a_restricted_item_cannot_be_asked_for_but_one_without_a_route_can(customer, light):
    customer.cookies[COUNTRY_COOKIE] = "DE"
    ShippingService.objects.update(countries=["FR"])
    quotes.clear_cache()
    assert "buy-alert" in customer.get(PRODUCT).content.decode()

    Product.objects.update(restricted_countries=["DE"])
    quotes.clear_cache()

    assert "buy-alert" not in customer.get(PRODUCT).content.decode()


def test_alerts_are_exported_and_erased_with_the_person(customer, sold_out):
    user = make_shopper(ERIKA)
    subscribe(sold_out)
    assert len(personal_data.export(user)["product_alerts"]) == 1

    personal_data.erase(user_id=user.pk, now=ProductAlert.objects.get().asked_at)

    assert not ProductAlert.objects.exists()
