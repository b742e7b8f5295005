import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.models import CustomAttribute, FieldChange, OptionText, Product, ProductText, Spec
from catalog.products.translations import missing_texts
from catalog.texts import options
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel, make_image, make_product, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_memory(db, monkeypatch):
    monkeypatch.setattr(options, "_cached", (0.0, options.OptionTexts({})))
    make_channel()  # error pages are those of the shop


@pytest.fixture
def product():
    product = make_product(
        title="Trail 400 headlamp",
        summary="For the trail.",
        description_html="",
        option_names=["Finish"],
    )
    Product.objects.update(created_at=timezone.now() - timedelta(days=1))
    make_variant(product, option_values=("Moss", "18650"))
    make_variant(product, option_values=("Black", "18650"), position=1)
    make_image(product, stem="a1", alt_texts={"en": "Front view"})
    return product


def url(product, language="az"):
    return reverse("supply:texts", args=[product.pk, language])


def fields_of(page):
    """Return the name of the field of each English text."""
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    found = {}
    for row in rows[1:]:
        base = re.search(r'class="texts-base">(.*?)</div>', row, re.DOTALL)[1]
        found[base] = re.search(r'<(?:input type="text"|textarea) name="([^"]+)"', row)[1]
    return found


def submit(staff, product, *, step="save", query="", seen=None, **texts):
    page = staff.get(url(product)).content.decode()
    names = fields_of(page)
    shown = dict.fromkeys(names.values(), "") | {
        names[base]: text for base, text in texts.pop("texts", {}).items()
    }
    seen = seen or re.search(r'name="seen" value="(\w+)"', page)[1]
    return staff.post(url(product) + query, {**shown, "seen": seen, "step": step}, follow=True)


def test_each_english_text_has_a_field_and_missing_ones_are_marked(staff, product):
    page = staff.get(url(product)).content.decode()

    assert list(fields_of(page)) == [
        "Trail 400 headlamp", "For the trail.", "Finish", "Moss", "Black", "Front view",
    ]  # fmt: skip
    assert 'value="Qara"' in page, "the vocabulary is filled in"
    assert page.count("staff-state-needs-action") == 5, "all but the option Black"


def test_the_texts_are_saved_and_recorded(staff, product):
    texts = {
        "Trail 400 headlamp": "Cığır 400",
        "For the trail.": "Cığır üçün.",
        "Moss": "Mamır",
        "Front view": "Ön görünüş",
    }

    answer = submit(staff, product, texts=texts)

    text = ProductText.objects.get()
    assert (text.title, text.summary) == ("Cığır 400", "Cığır üçün.")
    assert OptionText.objects.get(kind="value", key="moss").texts == {"az": "Mamır"}
    assert product.images.get().alt_texts == {"en": "Front view", "az": "Ön görünüş"}
    assert Product.objects.get().titles["az"] == "Cığır 400"
    change = FieldChange.objects.get(record="text")
    assert (change.new["title"], change.source) == ("Cığır 400", "staff")
    assert change.actor == "staff@fara.example"
    assert answer.status_code == 200


def test_texts_that_someone_else_changed_are_not_overwritten(staff, product):
    ProductText.objects.create(product=product, language="az", title="Başqası")

    answer = submit(staff, product, seen="0", texts={"Trail 400 headlamp": "Mənim"})

    assert "have changed meanwhile" in answer.content.decode()
    assert ProductText.objects.get().title == "Başqası"


def test_other_texts_that_someone_else_changed_are_not_overwritten(staff, product):
    page = staff.get(url(product)).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    product.images.update(alt_texts={"en": "Front view", "az": "Başqası"})

    answer = submit(staff, product, seen=seen, texts={"Trail 400 headlamp": "Mənim"})

    assert "have changed meanwhile" in answer.content.decode()
    assert product.images.get().alt_texts["az"] == "Başqası"


def test_save_and_next_opens_the_next_product_of_the_queue(staff, product):
    complete = make_product(slug="complete", description_html="")
    newest = make_product(slug="newest", summary="New.", description_html="")
    ProductText.objects.create(product=complete, language="az", summary="Var.")

    answer = submit(
        staff, newest, step="next", query="?missing=description", texts={"New.": "Yeni."}
    )

    assert answer.request["PATH_INFO"] == url(product)
    assert answer.request["QUERY_STRING"] == "missing=description"


def test_the_page_needs_the_right_to_change_products(client, product):
    client.force_login(make_staff("reader", "view_product"))
    page = client.get(url(product))
    answer = client.post(url(product), {"step": "save"})

    assert page.status_code == 200
    assert 'value="next"' not in page.content.decode()
    assert answer.status_code == 403
    assert client.get(url(product, "en")).status_code == 404


def test_products_are_filtered_by_the_text_they_lack(staff, product):
    options_known = make_product(slug="known", titles={"az": "Ad"}, description_html="")
    OptionText.objects.create(kind="value", key="moss", spellings=["Moss"], variant_count=1)

    def found(text):
        page = staff.get(reverse("admin:catalog_product_changelist"), {"missing_text": text})
        return {row.pk for row in page.context["cl"].result_list}

    assert found("title:az") == {product.pk}
    assert found("description:az") == {product.pk}
    assert found("options:az") == {product.pk}
    assert found("") == {product.pk, options_known.pk}


def test_localized_attributes_are_translated_and_listed_if_missing(staff, product):
    CustomAttribute.objects.create(
        code="care", names={"en": "Care"}, kind="text", is_localized=True
    )
    make_product(slug="none", description_html="")
    Spec.objects.create(product=product, custom_values={"care": "Wipe it."})
    lacking = missing_texts.products_lacking("attributes", "az")
    assert list(lacking) == [product]

    assert submit(staff, product, texts={"Wipe it.": "Silin."}).status_code == 200

    assert Spec.objects.get().custom_values == {"care": "Wipe it.", "care:az": "Silin."}
    assert Product.objects.get(pk=product.pk).overridden_fields == ["custom:care:az"]
    assert not missing_texts.products_lacking("attributes", "az").exists()


def test_a_translation_without_an_english_text_is_kept(staff, product):
    ProductText.objects.create(product=product, language="az", description_html="<p>Uzun.</p>")

    submit(staff, product, texts={"For the trail.": "Cığır üçün."})

    text = ProductText.objects.get()
    assert (text.summary, text.description_html) == ("Cığır üçün.", "<p>Uzun.</p>")
