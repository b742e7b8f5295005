"""Text edits by staff: save the texts of a product and its options in another language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from catalog.attributes.text_cleaning import clean_html
from catalog.listings.publication import lock_listings_of, republish_products
from catalog.models import Image, OptionText, Product, ProductText
from catalog.search.index import drop_cached_pages
from catalog.texts.options import option_key
from storefront.lib.db import bulk
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEdit:
    """The new texts of one product in one language."""

    product_id: int
    language: str
    texts: TranslatedTexts


@requires_transaction
def save_texts(*, product: Product, language: str, texts: TranslatedTexts, now: datetime) -> None:
    """Save the texts of a product in a language, as ``edit_texts`` does."""
    edit_texts([TextEdit(product_id=product.pk, language=language, texts=texts)], now=now)


@requires_transaction
def edit_texts(edits: Sequence[TextEdit], *, now: datetime) -> None:
    """Save the texts of products and publish them; each product and language is edited once.

    Locks:  the listings of the products, then the products, each in id order
    """
    ids = [edit.product_id for edit in edits]
    lock_listings_of(ids)
    products = Product.objects.filter(pk__in=ids).select_for_update(of=["self"])
    rows = products.order_by("pk").in_bulk()
    known = {
        (text.product_id, text.language): text
        for text in ProductText.objects.filter(product__in=ids)
    }
    new: list[ProductText] = []
    gone: list[int] = []
    changed: dict[ProductText, list[str]] = {}
    for edit in edits:
        values = {
            "title": edit.texts.title,
            "summary": edit.texts.summary,
            "description_html": clean_html(edit.texts.description_html),
        }
        present = known.get((edit.product_id, edit.language))
        if present is None:
            if any(values.values()):
                row = rows[edit.product_id]
                new.append(ProductText(product=row, language=edit.language, **values))
        elif not any(values.values()):
            gone.append(present.pk)
        elif names := bulk.set_changed(present, values):
            changed[present] = names
        _save_alt_texts(edit)
    ProductText.objects.bulk_create(new)
    bulk.update(ProductText, changed)
    if gone:
        ProductText.objects.filter(pk__in=gone).delete()
    Product.objects.filter(pk__in=rows).update(updated_at=now)
    republish_products(ids, now=now)


@requires_transaction
def _save_alt_texts(edit: TextEdit) -> None:
    alt_texts = edit.texts.alt_texts
    if alt_texts:
        images = Image.objects.filter(product=edit.product_id, pk__in=alt_texts)
        for image in images.order_by("pk"):
            image.alt_texts = _with_text(image.alt_texts, edit.language, alt_texts[image.pk])
            image.save(update_fields=["alt_texts"])


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
