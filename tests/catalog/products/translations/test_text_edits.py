import pytest
from django.db import transaction

from catalog.models import OptionText, ProductCard, ProductText
from catalog.products.translations.text_edits import TranslatedTexts, save_option_texts, save_texts
from tests.factories.catalog import NOON, make_image, make_listing

pytestmark = pytest.mark.django_db


def save(product, *, language="az", **texts):
    values = {"title": "", "summary": "", "description_html": "", **texts}
    with transaction.atomic():
        save_texts(product=product, language=language, texts=TranslatedTexts(**values), now=NOON)


def test_the_texts_of_a_language_are_saved_cleaned_and_shown_on_the_card():
    product = make_listing().variant.product

    save(product, title="Baş fənəri", description_html="<p>Mətn<script>x()</script></p>")

    text = ProductText.objects.get(product=product, language="az")
    assert (text.title, text.description_html) == ("Baş fənəri", "<p>Mətn</p>")
    assert ProductCard.objects.get().titles["az"] == "Baş fənəri"


def test_empty_texts_are_missing_again():
    product = make_listing().variant.product
    save(product, title="Baş fənəri")

    save(product)

    assert not ProductText.objects.exists()
    assert ProductCard.objects.get().titles["az"] != "Baş fənəri"


def test_an_alternative_text_of_one_language_keeps_the_others():
    product = make_listing().variant.product
    image = make_image(product, stem="a1", alt_texts={"en": "Front", "az": "Köhnə"})
    other = make_image(make_listing().variant.product, stem="b2", alt_texts={"az": "Başqa"})

    save(product, alt_texts={image.pk: "Ön tərəf", other.pk: "Yad"})

    image.refresh_from_db()
    other.refresh_from_db()
    assert image.alt_texts == {"en": "Front", "az": "Ön tərəf"}
    assert other.alt_texts == {"az": "Başqa"}


def test_an_option_text_is_saved_or_removed():
    kept = OptionText.objects.create(kind="value", key="moss", spellings=["Moss"])
    emptied = OptionText.objects.create(
        kind="value", key="black", spellings=["Black"], texts={"az": "Qara"}
    )

    with transaction.atomic():
        save_option_texts(
            language="az", texts={("value", "MOSS"): " Mamır ", ("value", "Black"): ""}
        )

    kept.refresh_from_db()
    emptied.refresh_from_db()
    assert (kept.texts, emptied.texts) == ({"az": "Mamır"}, {})
