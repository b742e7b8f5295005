"""Text edits by staff: save the texts of a product and its options in another language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from catalog.attributes.text_cleaning import clean_html
from catalog.listings.publication import lock_product, republish
from catalog.models import Image, OptionText, Product, ProductText
from catalog.search.index import drop_cached_pages
from catalog.texts.options import option_key
from storefront.lib.db.transactions import requires_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedTexts:
    """The texts of a product in one language. An empty title leaves it to the family's template.

    Shape:  ``alt_texts`` maps image ids to texts
    """

    title: str
    summary: str
    description_html: str
    alt_texts: Mapping[int, str] = field(default_factory=dict)


@requires_transaction
def save_texts(*, product: Product, language: str, texts: TranslatedTexts, now: datetime) -> None:
    """Save the texts of a product in a language and publish them.

    Locks:  the listings of the product in id order, then the product
    """
    lock_product(product.pk)
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    values = {
        "title": texts.title,
        "summary": texts.summary,
        "description_html": clean_html(texts.description_html),
    }
    if any(values.values()):
        ProductText.objects.update_or_create(product=row, language=language, defaults=values)
    else:
        ProductText.objects.filter(product=row, language=language).delete()
    for image in Image.objects.filter(product=row, pk__in=texts.alt_texts).order_by("pk"):
        image.alt_texts = _with_text(image.alt_texts, language, texts.alt_texts[image.pk])
        image.save(update_fields=["alt_texts"])
    row.updated_at = now
    row.save(update_fields=["updated_at"])
    republish(row.pk, now=now)


@requires_transaction
def save_option_texts(*, language: str, texts: Mapping[tuple[str, str], str]) -> None:
    """Save translations of option names and values. Processes show them after ten seconds.

    Shape:  ``texts`` maps (kind, name or value) to translations; "" removes one
    """
    for (kind, source), text in sorted(texts.items()):
        row, _is_new = OptionText.objects.select_for_update(of=["self"]).get_or_create(
            kind=kind, key=option_key(source), defaults={"spellings": [source]}
        )
        row.texts = _with_text(row.texts, language, text)
        row.save(update_fields=["texts"])
    transaction.on_commit(drop_cached_pages)


def _with_text(texts: Mapping[str, str], language: str, text: str) -> dict[str, str]:
    changed = {**texts, language: text.strip()}
    return {code: known for code, known in changed.items() if known}
