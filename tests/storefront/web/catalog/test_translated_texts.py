import html

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.models import Product, Variant
from catalog.products.translations.text_edits import TranslatedTexts, save_option_texts, save_texts
from catalog.texts import options
from tests.factories.catalog import make_listing, make_variant

pytestmark = pytest.mark.django_db

TITLE = "Fara Cığır 400, baş fənəri"


@pytest.fixture(autouse=True)
def no_option_texts_in_memory(monkeypatch):
    monkeypatch.setattr(options, "_cached", (0.0, options.OptionTexts({})))


def translate(**texts):
    values = {"title": "", "summary": "", "description_html": "", **texts}
    with transaction.atomic():
        save_texts(
            product=Product.objects.get(),
            language="az",
            texts=TranslatedTexts(**values),
            now=timezone.now(),
        )


def text_of(client, url, **params):
    return html.unescape(client.get(url, params).content.decode())


def test_the_override_is_the_title_of_every_page_in_its_language(client, light):
    translate(title=TITLE, summary="Yüngül fənər.", description_html="<p>Gecə üçün.</p>")

    page = text_of(client, "/az/p/trail-400/")

    assert f"<h1>{TITLE}</h1>" in page
    assert f'"name":"{TITLE}"' in page
    assert '"description":"Yüngül fənər."' in page
    assert '<meta name="description" content="Yüngül fənər."' in page
    assert '<div class="prose"><p>Gecə üçün.</p></div>' in page
    for url in ("/az/c/headlamps/", "/az/"):
        assert TITLE in text_of(client, url)
    assert TITLE not in text_of(client, "/en/p/trail-400/")


def test_a_missing_description_is_shown_in_english_and_marked(client, light):
    Product.objects.update(description_html="<p>For the night.</p>")

    page = text_of(client, "/az/p/trail-400/")

    assert '<div class="prose" lang="en"><p>For the night.</p></div>' in page


def test_the_words_of_an_override_are_found_by_search_and_suggestions(client, light):
    translate(title=TITLE)

    assert TITLE in text_of(client, "/az/search/", q="cigir")
    assert TITLE in text_of(client, "/az/search/suggest/", q="cığı")


def test_the_cart_shows_the_override(filled):
    translate(title=TITLE)

    assert TITLE in text_of(filled, "/az/cart/")


def test_a_new_translation_of_an_option_replaces_the_english_text(client, light):
    make_listing(make_variant(Product.objects.get(), option_values=("Moss",), position=1))
    Variant.objects.filter(position=0).update(option_values=["Moss"])
    before = text_of(client, "/az/p/trail-400/")

    with transaction.atomic():
        save_option_texts(language="az", texts={("value", "Moss"): "Mamır rəngi"})
    options._cached = (0.0, options._cached[1])
    after = text_of(client, "/az/p/trail-400/")

    assert '<span lang="en">Moss</span>' in before
    assert "Mamır rəngi" in after
    assert "Moss" not in after.split("<main")[1]
