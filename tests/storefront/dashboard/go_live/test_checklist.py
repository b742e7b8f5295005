from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.models import Channel
from orders.models import TaxNumber
from storefront.accounts.models import User
from storefront.dashboard.go_live import checklist
from storefront.identity import live_database
from storefront.identity.models import LegalText, LiveDatabase, ShopIdentity
from suppliers.models import Supplier
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

IDENTITY = {
    "pk": 1,
    "name": "Lumen",
    "company": "Lumen OÜ",
    "address": "Street 1",
    "email": "help@lumen.ee",
    "phone": "+372 555 0100",
    "country": "EE",
}


@pytest.fixture(autouse=True)
def uncached(monkeypatch):
    monkeypatch.setattr(live_database, "_cached", None)


def states():
    return {step.code: step.state.value for step in checklist.steps(now=NOON)}


def details():
    return {step.code: step.detail for step in checklist.steps(now=NOON)}


def test_empty_shop_misses_what_it_cannot_sell_without():
    Channel.objects.all().delete()

    missing = {code for code, state in states().items() if state == "missing"}

    assert missing == {
        *("name", "imprint", "contact", "mail", "markets", "prices", "payment", "supplier"),
        *("product", "backups"),
    }
    assert "database" not in states()


def test_each_step_ends(settings):
    ShopIdentity.objects.create(
        **IDENTITY, register_entry="HRB 1", vat_id="EE1", logo_name="a.png", accent_color="#ffc23d"
    )
    for page in checklist.REQUIRED_TEXTS:
        for language, _name in settings.LANGUAGES:
            LegalText.objects.create(page=page, language=language, text="Text")
    settings.MAIL_FROM, settings.MAIL_PROVIDER = "Lumen <orders@lumen.ee>", "postmark"
    settings.PAYMENT_GATEWAY, settings.STAFF_SECOND_FACTOR = "stripe", True
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_live_1", "whsec_1"
    listing = make_sellable()
    make_service(listing.level.location)
    Channel.objects.update(is_storefront=True)
    Supplier.objects.update(status="active")
    live_database.record_backup(now=NOON - timedelta(hours=1))

    assert {code for code, state in states().items() if state != "done"} <= {"prices", "product"}


def test_warnings_name_what_is_wrong(settings):
    ShopIdentity.objects.create(**IDENTITY | {"email": "help@lumen.example"})
    settings.PAYMENT_GATEWAY, settings.MAIL_FROM = "stripe", "Lumen <orders@lumen.ee>"
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", "whsec_1"
    User.objects.create_user("ben@lumen.ee", "a password", is_staff=True)
    Supplier.objects.update(status="active")
    make_channel(is_storefront=True)
    live_database.record_backup(now=NOON - timedelta(days=3))

    found = details()

    assert "help@lumen.example" in found["contact"]
    assert found["imprint"] == "The commercial register entry is empty."
    assert "Terms (English)" in found["legal_texts"]
    assert found["payment"] == "Stripe's key is a test key."
    assert "MAIL_PROVIDER" in found["mail"]
    assert "No live price book" in found["prices"]
    assert "1 staff account has" in found["two_factor"]
    assert found["backups"] == "The last backup is 3\xa0days old."
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert details()["payment"] == "A key of Stripe is missing."
    TaxNumber.objects.create(scheme="oss", number="EU1", valid_from=NOON.date())
    assert states()["tax"] == "done"


def test_copy_is_switched_on_once_by_who_may(staff):
    page, switch = reverse("supply:go_live"), reverse("supply:switch_on")
    live_database.pause()

    assert "Background work is paused" in staff.get(page).text
    answers = [staff.post(switch, follow=True).text for _ in range(2)]

    assert "Orders from before are looked up" in answers[0]
    assert "switched on already" in answers[1]
    assert "Switched on by staff@fara.example" in answers[0]
    assert LiveDatabase.objects.get().switched_on_by == "staff@fara.example"
    assert staff.get(switch).status_code == 405


def test_page_needs_the_right_to_view_and_the_button_another(client):
    live_database.pause()
    page, switch = reverse("supply:go_live"), reverse("supply:switch_on")

    client.force_login(make_staff("clerk", "view_product"))
    assert client.get(page).status_code == client.post(switch).status_code == 403
    client.force_login(make_staff("reader", "view_shopidentity"))
    assert "You may not switch it on" in client.get(page).text
    assert client.post(switch).status_code == 403
    assert not live_database.read().is_live


def test_page_of_a_shop_that_misses_nothing(staff, monkeypatch):
    done = checklist.Step(
        code="name", title="Name", why="", state=checklist.State.DONE, detail="", place="Page"
    )
    monkeypatch.setattr(checklist, "steps", lambda **_: [done])

    assert "Nothing is missing" in staff.get(reverse("supply:go_live")).text


def test_page_makes_few_queries(staff, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        assert "steps are missing" in staff.get(reverse("supply:go_live")).text
