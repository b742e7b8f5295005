import json
import re
from email.utils import parseaddr

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from notifications import dispatch, outbox
from storefront.identity import current
from storefront.identity.models import LegalText, ShopIdentity
from storefront.web.core import visit
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db
OURS = {
    "name": "Nachtlicht",
    "company": "Nachtlicht GmbH",
    "address": "Hauptstraße 5\n10115 Berlin\nGermany",
    "email": "service@nachtlicht.shop",
    "phone": "+49 30 555 0100",
    "register_entry": "HRB 12345",
    "vat_id": "DE136695976",
    "country": "DE",
    "invoice_prefix": "INV",
    "credit_note_prefix": "CRN",
}


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def reset_identity(monkeypatch):
    """Reset the cached identity and artwork."""
    monkeypatch.setattr(current, "_cached", None)
    monkeypatch.setattr(current, "_artwork", None)


@pytest.fixture
def ours(reset_identity):
    return ShopIdentity.objects.create(pk=1, **OURS)


def page(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", ["/en/", "/az/", "/en/info/terms/", "/en/cart/"])
def test_each_page_names_shop_address_and_phone(client, channel, ours, path):
    text = page(client, path)

    assert "Nachtlicht GmbH, Hauptstraße 5, 10115 Berlin" in text
    assert 'href="tel:+49305550100"' in text
    assert "Nachtlicht</title>" in text
    assert not re.search(r"\bFara\b|fara\.example", text)
    assert "demonstration" not in text


def test_contact_imprint_and_structured_data_name_the_company(client, channel, ours):
    for name in ("contact", "imprint"):
        text = page(client, f"/en/info/{name}/")
        for value in ("Nachtlicht GmbH", "HRB 12345", "DE136695976", "service@nachtlicht.shop"):
            assert value in text
    [found] = re.findall(r'"@type":"Organization".*?}', page(client, "/en/"))
    organization = json.loads("{" + found)
    assert (organization["name"], organization["legalName"]) == ("Nachtlicht", "Nachtlicht GmbH")
    assert organization["telephone"] == OURS["phone"]


def test_emails_come_from_the_shop_and_name_its_company(ours, settings):
    settings.MAIL_FROM = "orders@nachtlicht.shop"
    with transaction.atomic():
        event = outbox.record_event(
            name="account.known",
            key="1",
            subject="account:1",
            payload={"email": "ada@example.org", "locale": "en", "url": "https://nachtlicht.shop/"},
            at=timezone.now(),
        )
    [message] = dispatch.fan_out(event=event, now=timezone.now())
    composed = dispatch.compose(message)

    assert parseaddr(composed.from_address) == ("Nachtlicht", "orders@nachtlicht.shop")
    for words in (composed.text, composed.html):
        assert "Nachtlicht GmbH" in words
        assert "+49 30 555 0100" in words
        assert "Fara" not in words


def test_legal_text_replaces_the_built_in_one(client, channel, ours):
    LegalText.objects.create(
        page="terms",
        language="en",
        text="We sell lights.\n\n# Price <b>\nAs shown.\n\n# Law\n\nOurs.",
    )

    # The Azerbaijani page shows the English text too: its built-in text could contradict it.
    for path in ("/en/info/terms/", "/az/info/terms/"):
        text = page(client, path)
        assert "<p>We sell lights.</p>" in text
        assert "<h2>Price &lt;b&gt;</h2><p>As shown.</p><h2>Law</h2><p>Ours.</p>" in text
    assert "Your order is an offer" not in page(client, "/en/info/terms/")


@pytest.mark.parametrize(
    ("email", "is_reserved"),
    [
        ("help@fara.example", True),
        ("help@Example.com", True),
        ("help@shop.example.com", True),
        ("help@myexample.com", False),
        ("help@nachtlicht.shop", False),
    ],
)
def test_reserved_domains_are_those_of_the_standard(email, is_reserved):
    assert current.is_reserved(email) is is_reserved


@pytest.mark.parametrize("email", [None, "help@fara.example"])
@pytest.mark.usefixtures("channel", "reset_identity")
def test_production_is_closed_until_it_has_an_identity(client, settings, email, caplog):
    if email:
        ShopIdentity.objects.create(pk=1, **(OURS | {"email": email}))
    settings.IS_PRODUCTION = True

    assert client.get("/en/").status_code == 503
    assert client.post("/api/v1/carts/", {}, content_type="application/json").status_code == 503
    assert "no identity" in caplog.text


def test_production_is_open_with_its_one_identity(client, channel, ours, settings):
    settings.IS_PRODUCTION = True

    assert visit.Visit(client.get("/en/").wsgi_request).channel == channel
    with pytest.raises(IntegrityError), transaction.atomic():
        ShopIdentity.objects.create(pk=2, **OURS)


def test_staff_enter_the_identity_once(admin_client, reset_identity, settings):
    settings.IS_PRODUCTION = True
    add = "/admin/identity/shopidentity/add/"
    refused = admin_client.post(add, OURS | {"email": "help@fara.example"})
    assert "E-mails cannot be delivered to this address" in refused.content.decode()

    assert admin_client.post(add, OURS).status_code == 302
    assert current.shop_identity().company == "Nachtlicht GmbH"
    assert admin_client.get(add).url == "/admin/identity/shopidentity/1/change/"
