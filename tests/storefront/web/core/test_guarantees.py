"""Guarantees on pages: the official notice and label, terms, and what an order was sold with."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils.html import strip_tags

from catalog.models import Product
from catalog.safety import documents
from notifications.models import Event
from orders import events
from orders.models import Order
from storefront.identity import current
from storefront.identity.models import GuaranteeArtwork
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_guarantee, make_product
from tests.storefront.web.conftest import WHO

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><text>2+</text></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
ADD = "/admin/identity/guaranteeartwork/add/"


@pytest.fixture(autouse=True)
def reset_artwork(monkeypatch):
    monkeypatch.setattr(current, "_artwork", None)


def upload(admin_client, content, language="en", kind="notice"):
    file = SimpleUploadedFile("notice.svg", content)
    return admin_client.post(ADD, {"kind": kind, "language": language, "file": file})


@pytest.mark.parametrize(("content", "type_"), [(SVG, "image/svg+xml"), (PNG, "image/png")])
def test_the_uploaded_file_is_served_unaltered_and_runs_no_script(admin_client, content, type_):
    assert upload(admin_client, content).status_code == 302

    answer = admin_client.get(f"/guarantee/{current.guarantee_artwork('notice', 'en')}")

    assert answer.content == content
    assert answer["Content-Type"] == type_
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html></html>", "not an SVG or PNG file"),
        (b"GIF89a", "not an SVG or PNG file"),
        (PNG + bytes(500_000), "larger than 500 KB"),
    ],
)
def test_another_file_is_refused(admin_client, content, problem):
    assert problem in upload(admin_client, content).content.decode()
    assert not GuaranteeArtwork.objects.exists()


def test_a_language_without_a_notice_shows_the_english_one(admin_client):
    upload(admin_client, SVG)
    english = current.guarantee_artwork("notice", "az")
    upload(admin_client, PNG, "az")
    current._artwork = None

    assert english.endswith(".svg")
    assert current.guarantee_artwork("notice", "az").endswith(".png")


def test_customers_in_the_eu_see_the_notice_on_the_product_page(client, admin_client, light):
    client.cookies["fara_country"] = "DE"
    text = client.get("/en/p/trail-400/").content.decode()
    upload(admin_client, SVG)
    current._artwork = None

    picture = client.get("/en/p/trail-400/").content.decode()

    assert "Legal guarantee of at least two years</strong>" in text
    assert f'<img src="/guarantee/{current.guarantee_artwork("notice", "en")}"' in picture


def test_a_proven_guarantee_is_shown_with_its_terms(client, light):
    make_guarantee(Product.objects.get(), months=30)

    page = client.get("/en/p/trail-400/").content.decode()

    assert "2.5-year guarantee of durability by the producer" in page
    assert "Tindrel Lights OÜ, Sadama 1, Tallinn, Estonia, guarantees the entire" in page
    assert 'href="/en/p/trail-400/guarantee/"' in page
    assert "Model: TW-370" in page


def test_the_terms_of_a_guarantee_are_in_the_language_of_the_page(client, light):
    make_guarantee(Product.objects.get(), months=30)

    page = client.get("/az/p/trail-400/").content.decode()

    assert "2,5 illik" in page
    assert "Avropa İttifaqı" in page
    assert "Zəmanət verənə yazın" in page
    assert "European Union" not in page


def test_the_start_page_names_missing_artwork(admin_client):
    def links():
        current._artwork = None
        page = admin_client.get("/admin/").content.decode()
        return [text for text in ("Upload the notice", "Upload the label") if text in page]

    assert links() == ["Upload the notice"]
    make_guarantee(make_product())
    assert links() == ["Upload the notice", "Upload the label"]
    upload(admin_client, PNG)
    assert links() == ["Upload the label"]
    upload(admin_client, SVG, kind="label")
    assert not links()


def test_only_a_guarantee_of_the_producer_has_the_label(client, admin_client, light):
    guarantee = make_guarantee(Product.objects.get(), kind="seller", months=40)
    upload(admin_client, PNG, kind="label")
    current._artwork = None
    label = f'<img src="/guarantee/{current.guarantee_artwork("label", "en")}"'

    sellers = client.get("/en/p/trail-400/").content.decode()
    guarantee.kind, guarantee.months = "producer", 36
    guarantee.save()
    producers = client.get("/en/p/trail-400/").content.decode()

    assert label not in sellers
    assert "40-month guarantee by Tindrel Lights OÜ" in sellers
    assert "Guarantor: Tindrel Lights OÜ, Sadama 1, Tallinn, Estonia." in sellers
    assert label in producers
    assert "3-year guarantee of durability by the producer" in producers


def test_the_comparison_shows_guarantees(client, light):
    make_guarantee(Product.objects.get())

    page = client.get("/en/compare/?light=trail-400").content.decode()

    assert "5-year guarantee of durability by the producer" in page


def test_the_terms_of_a_live_product_can_be_downloaded(client, light):
    guarantee = make_guarantee(Product.objects.get())
    missing = client.get("/en/p/trail-400/guarantee/")
    guarantee.terms_file = documents.store(PDF).name
    guarantee.save()

    answer = client.get("/en/p/trail-400/guarantee/")

    assert missing.status_code == 404
    assert answer.content == PDF
    assert 'filename="trail-400-guarantee.pdf"' in answer["Content-Disposition"]


def place(customer):
    customer.post("/en/checkout/", WHO)
    customer.post("/en/checkout/delivery/", {"tier": "economy"})
    review = customer.get("/en/checkout/review/").content.decode()
    customer.post(
        "/en/checkout/place/", {"agreed": re.search(r'name="agreed" value="([^"]+)', review)[1]}
    )
    return Order.objects.get()


def test_an_order_shows_the_guarantee_that_it_was_sold_with(filled):
    guarantee = make_guarantee(Product.objects.get(), terms_file=documents.store(PDF).name)
    order = place(filled)
    line = order.lines.get()
    guarantee.delete()
    with transaction.atomic():
        events.order_placed(order, at=order.placed_at)
    url = f"/en/orders/{order.number}/{order.access_key}/"

    page = filled.get(url).content.decode()
    terms = filled.get(f"{url}guarantees/{line.pk}/")
    payload = Event.objects.get(name="order.placed").payload

    assert "5-year guarantee of durability by the producer" in page
    assert "Legal guarantee of at least two years" in page
    assert f'href="{url}guarantees/{line.pk}/"' in page
    assert terms.content == PDF
    assert payload["guarantees"][0]["guarantor"] == "Tindrel Lights OÜ"
    assert payload["guarantees"][0]["terms_url"].endswith(f"{url}guarantees/{line.pk}/")


def test_terms_of_an_order_need_its_key_and_a_guarantee(filled):
    order = place(filled)
    line = order.lines.get()
    url = f"/en/orders/{order.number}/{order.access_key}/guarantees/{line.pk}/"

    without = filled.get(url)
    line.guarantee = {"terms_file": "documents/gone.pdf"}
    line.save()
    gone = filled.get(url)
    wrong_key = filled.get(url.replace(order.access_key, "wrong"))

    assert [answer.status_code for answer in (without, gone, wrong_key)] == [404, 404, 404]


def test_staff_read_the_guarantee_of_an_order_line_and_its_terms(filled, admin_client):
    make_guarantee(Product.objects.get(), terms_file=documents.store(PDF).name)
    line = place(filled).lines.get()
    url = f"/admin/orders/orderline/{line.pk}/"

    page = admin_client.get(f"{url}change/").content.decode()
    translated = admin_client.get(f"{url}change/", headers={"accept-language": "az"})

    rows = [
        " ".join(strip_tags(row.replace("</th>", ": ")).split())
        for row in re.findall(r"<tr><th scope=row>.*?</tr>", page, re.DOTALL)
    ]
    assert rows[0] == "Guarantor: Producer: guarantee of durability"
    assert {"Name of the guarantor: Tindrel Lights OÜ", "Duration (months): 60"} <= {*rows}
    assert "Territory of validity: European Union" in rows
    assert "terms_file" not in page
    assert "Avropa İttifaqı" in translated.content.decode()
    assert f'href="{url}terms/"' in page
    assert admin_client.get(f"{url}terms/").content == PDF


def test_the_terms_of_an_order_line_need_the_right_to_see_it(filled, client, admin_client):
    line = place(filled).lines.get()
    url = f"/admin/orders/orderline/{line.pk}/terms/"
    assert admin_client.get(url).status_code == 404
    client.force_login(make_staff("stranger", "view_product"))

    assert client.get(url).status_code == 403
    assert admin_client.get("/admin/orders/orderline/0/terms/").status_code == 403
