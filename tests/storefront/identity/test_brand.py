"""Brand: staff upload a logo and choose colors; pages and e-mails show them."""

import io
from email.utils import parseaddr

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from notifications import dispatch
from notifications.senders.email import extra_headers
from storefront.identity import brand_checks, current
from storefront.identity.models import ShopIdentity
from tests.factories.catalog import make_channel
from tests.factories.notifications import make_message
from tests.factories.shipping import make_sent_purchase_order
from tests.storefront.identity.test_current import OURS
from tests.storefront.supplier_portal.client import list_path

pytestmark = pytest.mark.django_db
COLORS = {"accent_color": "#FFC23D", "accent_text_color": "#1a1300"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="#000" d="M0 0h9v9z"/>{}</svg>'


@pytest.fixture(autouse=True)
def shop(monkeypatch):
    monkeypatch.setattr(current, "CACHE_S", -1.0)
    monkeypatch.setattr(current, "_cached", None)
    make_channel()
    return ShopIdentity.objects.create(pk=1, **OURS)


def picture(kind="PNG", size=(200, 60)):
    file = io.BytesIO()
    Image.new("RGB", size, "white").save(file, kind)
    return file.getvalue()


def save(staff, content=None, **fields):
    values = {**OURS, **fields}
    if content is not None:
        values["logo_upload"] = SimpleUploadedFile("logo", content)
    return staff.post(reverse("admin:identity_shopidentity_change", args=[1]), values)


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (picture(), "png"),
        (picture("WEBP"), "webp"),
        (SVG.format("").encode(), "svg"),
        (SVG.format('<path fill="url(#a)" d="M0 0"/>').encode(), "svg"),
    ],
)
def test_a_logo_is_stored_and_served(staff, client, content, suffix):
    assert save(staff, content).status_code == 302

    name = ShopIdentity.objects.get().logo_name
    served = client.get(f"/brand/{name}")
    assert name.endswith(suffix)
    assert served.content == content == bytes(ShopIdentity.objects.get().logo)
    assert "sandbox" in served["Content-Security-Policy"]
    assert "immutable" in served["Cache-Control"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        picture("JPEG"),
        picture(size=(1601, 10)),
        b"\x89PNG\r\n\x1a\n broken",
        b"x" * (brand_checks.MAX_LOGO_BYTES + 1),
        SVG.format("<script>alert(1)</script>").encode(),
        SVG.format('<path onload="alert(1)" d="M0 0"/>').encode(),
        SVG.format('<path fill="url(https://x.example/a)" d="M0 0"/>').encode(),
        SVG.format('<image href="https://x.example/a.png"/>').encode(),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("").encode(),
        SVG.format('<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>').encode(),
        b'<?xml-stylesheet href="https://x.example/a.css"?>' + SVG.format("").encode(),
        picture()[:33] + b"\0\0\0\0pHYs\xb0\xda\xa9\xd1" + picture()[33:],
    ],
    ids=[
        "empty",
        "GIF",
        "JPEG",
        "wide",
        "broken",
        "large",
        "script",
        "event",
        "url",
        "image",
        "entity",
        "HTML script",
        "style sheet",
        "truncated",
    ],
)
def test_an_unsafe_or_large_logo_is_refused(content):
    with pytest.raises(ValidationError):
        brand_checks.logo_format(content)


def test_a_refused_file_changes_nothing_and_a_logo_can_be_removed(staff, client):
    save(staff, picture())
    name = ShopIdentity.objects.get().logo_name

    assert save(staff, b"GIF89a").status_code == 200
    assert save(staff).status_code == 302
    kept = ShopIdentity.objects.get().logo_name
    save(staff, removes_logo="on")

    assert kept == name
    shop = ShopIdentity.objects.get()
    assert (shop.logo_name, shop.logo) == ("", None)
    assert client.get(f"/brand/{name}").status_code == 404


@pytest.mark.parametrize(
    "colors",
    [
        {"accent_color": "#ffc23d", "accent_text_color": "#ffffff"},
        {"accent_color": "#ffc23d", "accent_text_color": ""},
        {"accent_color": "orange", "accent_text_color": "#000000"},
        {"accent_color": "#ffc23d;}", "accent_text_color": "#000000"},
    ],
    ids=["contrast", "one", "name", "code"],
)
def test_colors_that_cannot_be_read_are_refused(staff, colors):
    assert save(staff, **colors).status_code == 200
    assert ShopIdentity.objects.get().accent_color == ""


def test_the_contrast_is_that_of_the_standard():
    assert brand_checks.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert brand_checks.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("language", ["en", "az"])
def test_pages_show_logo_and_colors(staff, client, language):
    before = client.get(f"/{language}/").content.decode()
    save(staff, picture(), logo_alt="Nachtlicht lamps", **COLORS)

    after = client.get(f"/{language}/cart/").content.decode()
    style = client.get("/brand/ffc23d-1a1300.css")

    assert "/brand/" not in before
    assert f'src="/brand/{ShopIdentity.objects.get().logo_name}" alt="Nachtlicht lamps"' in after
    assert 'href="/brand/ffc23d-1a1300.css"' in after
    assert "--accent:#ffc23d" in style.content.decode()


@pytest.mark.parametrize(
    ("language", "footer"), [("en", "Open on weekdays"), ("az", "İş günləri açıqdır")]
)
def test_an_e_mail_has_the_brand(staff, language, footer):
    save(
        staff,
        picture(),
        **{**COLORS, "accent_color": "#224488", "accent_text_color": "#ffffff"},
        sender_name="Nachtlicht Berlin",
        reply_to="hello@nachtlicht.shop",
        footer_en="Open on weekdays",
        footer_az="İş günləri açıqdır",
    )

    composed = dispatch.compose(make_message("parcel.shipped", locale=language))

    assert parseaddr(composed.from_address)[0] == "Nachtlicht Berlin"
    assert composed.reply_to == "hello@nachtlicht.shop"
    assert extra_headers(composed)["Auto-Submitted"] == "auto-generated"
    assert footer in composed.text
    assert footer in composed.html
    assert "#224488" in composed.html
    assert f"/brand/{ShopIdentity.objects.get().logo_name}" in composed.html
    assert 'alt="Nachtlicht"' in composed.html
    assert len(composed.html.encode()) < 60_000


def test_an_e_mail_shows_the_name_instead_of_an_svg(staff):
    save(staff, SVG.format("").encode())

    composed = dispatch.compose(make_message("order.refunded"))

    assert "/brand/" not in composed.html
    assert ">Nachtlicht</a>" in composed.html


def test_the_admin_page_shows_logo_and_button(staff):
    address = reverse("admin:identity_shopidentity_change", args=[1])
    without = staff.get(address).content.decode()
    save(staff, picture(), **COLORS)

    assert "pages and e-mails show the shop name" in without
    assert "background:#ffc23d;color:#1a1300" in staff.get(address).content.decode()


def test_the_page_of_a_supplier_shows_the_logo(staff, client):
    make_sent_purchase_order()
    assert "brand-logo" not in client.get(list_path()).content.decode()

    save(staff, picture())

    assert (
        f"/brand/{ShopIdentity.objects.get().logo_name}" in client.get(list_path()).content.decode()
    )


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("country", "XX", "XX is not a country code"),
        ("vat_id", "not a number!", "Enter the VAT ID with its country code"),
        ("vat_id", "XX123456", "Enter the VAT ID with its country code"),
        ("vat_id", "DE123456789", "wrong length or check digit"),
        ("vat_id", "EL09425921", "wrong length or check digit"),
        ("phone", "abc", "Enter a phone number"),
    ],
)
def test_company_details_that_cannot_be_right_are_refused(staff, field, value, problem):
    answer = save(staff, **{field: value})

    assert problem in answer.context["adminform"].form.errors[field][0]


def test_a_vat_id_is_stored_without_spaces(staff):
    save(staff, vat_id="ee 100.931-558")

    assert ShopIdentity.objects.get().vat_id == "EE100931558"
