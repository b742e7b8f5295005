import html

import pytest
from django.db import transaction
from django.urls import reverse

from catalog.models import Product, ProductCard, ProductFamily, Spec
from catalog.products.tasks import refresh_titles
from catalog.products.translations.text_edits import TranslatedTexts, save_texts
from storefront.dashboard.translations import title_templates
from tests.factories.accounts import make_staff
from tests.factories.catalog import NOON, make_listing

pytestmark = pytest.mark.django_db
URL = reverse("supply:titles", args=["headlamp"])


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    names = []
    monkeypatch.setattr(
        title_templates, "enqueue", lambda task, **known: names.append((task.name, known))
    )
    return names


@pytest.fixture
def product():
    product = make_listing().variant.product
    Product.objects.update(title="Fara H1 headlamp", family="headlamp")
    Spec.objects.update(output_lm=400, cri=92)
    return product


def post(client, **submitted):
    return html.unescape(client.post(URL, submitted, follow=True).content.decode())


def test_a_template_is_previewed_with_products_and_not_saved(admin_client, product):
    page = post(admin_client, az="{brand} {model}, {kind}, CRI {cri}", step="preview")

    assert "Fara H1, baş fənəri, CRI 92" in page
    assert "CRI" not in ProductFamily.objects.get(code="headlamp").title_templates["az"]


def test_a_saved_template_makes_the_titles_of_all_products_but_overridden_ones(
    admin_client, product, queued
):
    post(admin_client, az="{kind} {model}", step="save")
    assert queued == [("catalog.products.tasks.refresh_titles", {"family": "headlamp"})]
    family = ProductFamily.objects.get(code="headlamp")
    history = reverse("admin:catalog_productfamily_history", args=[family.pk])
    assert "{kind} {model}" in admin_client.get(history).content.decode()

    assert refresh_titles(family="headlamp") == 1
    assert refresh_titles(family="headlamp") == 0

    assert Product.objects.get().titles == {"az": "baş fənəri H1"}
    assert ProductCard.objects.get().titles == {"az": "baş fənəri H1"}
    texts = TranslatedTexts(title="Mənim", summary="", description_html="")
    with transaction.atomic():
        save_texts(product=product, language="az", texts=texts, now=NOON)
    assert Product.objects.get().titles == {"az": "Mənim"}


def test_an_empty_template_leaves_the_title_to_the_supplier(admin_client, product):
    post(admin_client, az="", step="save")
    refresh_titles()

    assert ProductFamily.objects.get(code="headlamp").title_templates == {}
    assert Product.objects.get().titles == {}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{brand} {model", "A brace is missing"),
        ("{model}, {lumen} lm", "There is no field {lumen}"),
        ("{output_lm} lm", "add {model} or {kind}"),
    ],
)
def test_a_wrong_template_is_refused(admin_client, product, template, message):
    before = ProductFamily.objects.get(code="headlamp").title_templates

    assert message in post(admin_client, az=template, step="save")
    assert ProductFamily.objects.get(code="headlamp").title_templates == before


def test_saving_needs_the_right_to_change_families(client, product):
    client.force_login(make_staff("reader", "view_productfamily"))

    assert client.get(URL).status_code == 200
    assert client.post(URL, {"az": "{model}", "step": "save"}).status_code == 403
