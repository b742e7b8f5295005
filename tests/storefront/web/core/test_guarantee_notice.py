"""The notice of the legal guarantee: uploaded by staff, shown to customers in the EU."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Product
from storefront.identity import current
from storefront.identity.models import GuaranteeNotice
from tests.factories.catalog import make_guarantee

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><text>2+</text></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
ADD = "/admin/identity/guaranteenotice/add/"


@pytest.fixture(autouse=True)
def reset_notices(monkeypatch):
    monkeypatch.setattr(current, "_notices", None)


def upload(admin_client, content, language="en"):
    file = SimpleUploadedFile("notice.svg", content)
    return admin_client.post(ADD, {"language": language, "file": file})


@pytest.mark.parametrize(("content", "type_"), [(SVG, "image/svg+xml"), (PNG, "image/png")])
def test_the_uploaded_file_is_served_unaltered_and_runs_no_script(admin_client, content, type_):
    assert upload(admin_client, content).status_code == 302

    answer = admin_client.get(f"/guarantee/{current.guarantee_notice('en')}")

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
    assert not GuaranteeNotice.objects.exists()


def test_a_language_without_a_notice_shows_the_english_one(admin_client):
    upload(admin_client, SVG)
    english = current.guarantee_notice("az")
    upload(admin_client, PNG, "az")
    current._notices = None

    assert english.endswith(".svg")
    assert current.guarantee_notice("az").endswith(".png")


def test_customers_in_the_eu_see_the_notice_on_the_product_page(client, admin_client, light):
    client.cookies["fara_country"] = "DE"
    text = client.get("/en/p/trail-400/").content.decode()
    upload(admin_client, SVG)
    current._notices = None

    picture = client.get("/en/p/trail-400/").content.decode()

    assert "Legal guarantee of at least two years</strong>" in text
    assert f'<img src="/guarantee/{current.guarantee_notice("en")}"' in picture


def test_a_proven_guarantee_is_shown_with_its_terms(client, light):
    make_guarantee(Product.objects.get(), months=30)

    page = client.get("/en/p/trail-400/").content.decode()

    assert "2.5-year guarantee of durability by the producer" in page
    assert "Tindrel Lights OÜ, Sadama 1, Tallinn, Estonia, guarantees the entire" in page
    assert 'href="https://tindrel.example/guarantee"' in page
    assert "Model: TW-370" in page


def test_the_terms_of_a_guarantee_are_in_the_language_of_the_page(client, light):
    make_guarantee(Product.objects.get())

    page = client.get("/az/p/trail-400/").content.decode()

    assert "Avropa İttifaqı" in page
    assert "Zəmanət verənə yazın" in page
    assert "European Union" not in page


def test_the_start_page_says_that_the_notice_is_missing(admin_client):
    missing = "The official guarantee notice is missing"
    assert missing in admin_client.get("/admin/").content.decode()
    upload(admin_client, PNG)
    current._notices = None
    assert missing not in admin_client.get("/admin/").content.decode()
