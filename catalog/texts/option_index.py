"""Option index: keep one ``OptionText`` per option name and value in use, with its variants."""

from collections.abc import Iterator

from django.db import connection, transaction

from catalog.models import OptionText
from catalog.models.texts import TRANSLATED_LANGUAGES
from catalog.search.index import drop_cached_pages
from catalog.texts import options
from storefront.lib.db import bulk

_IN_USE = """
    SELECT 'value', lower(btrim(used.text)) AS key, array_agg(DISTINCT used.text), count(*)
    FROM catalog_variant variant
    CROSS JOIN LATERAL jsonb_array_elements_text(variant.option_values) AS used(text)
    GROUP BY key
    UNION ALL
    SELECT 'name', lower(btrim(used.text)) AS key, array_agg(DISTINCT used.text), sum(own.variants)
    FROM catalog_product product
    CROSS JOIN LATERAL jsonb_array_elements_text(product.option_names) AS used(text)
    JOIN (SELECT product_id, count(*) AS variants FROM catalog_variant GROUP BY product_id) own
      ON own.product_id = product.id
    GROUP BY key
"""
MAX_KEY = 100


@transaction.atomic(durable=True)
def refresh_option_texts() -> int:
    """Add new options, count the variants, delete unused options without a translation.

    Texts that the vocabulary knows are filled in. Texts without a word (``18650``) need none.
    Returns the number of rows that were added or changed.
    """
    present = {
        (row.kind, row.key): row for row in OptionText.objects.select_for_update(of=["self"])
    }
    new: list[OptionText] = []
    changed: dict[OptionText, list[str]] = {}
    used = set()
    for kind, key, spellings, count in _read_options():
        used.add((kind, key))
        row = present.get((kind, key))
        texts = _fill_in(spellings[0], kind, row.texts if row else {})
        values = {"spellings": spellings, "variant_count": count, "texts": texts}
        if row is None:
            new.append(OptionText(kind=kind, key=key, **values))
        elif names := bulk.set_changed(row, values):
            changed[row] = names
    unused = [row for key, row in present.items() if key not in used]
    for row in unused:
        if row.variant_count:
            row.variant_count = 0
            changed[row] = ["variant_count"]
    OptionText.objects.bulk_create(new)
    OptionText.objects.bulk_update(changed, ["spellings", "variant_count", "texts"])
    OptionText.objects.filter(pk__in=[row.pk for row in unused], texts={}).delete()
    if new or changed:
        transaction.on_commit(drop_cached_pages)
    return len(new) + len(changed)


def _read_options() -> Iterator[tuple[str, str, list[str], int]]:
    with connection.cursor() as cursor:
        cursor.execute(_IN_USE)
        for kind, key, spellings, count in cursor.fetchall():
            if key and len(key) <= MAX_KEY and options.needs_translation(key):
                yield kind, key, spellings, int(count)


def _fill_in(source: str, kind: str, texts: dict[str, str]) -> dict[str, str]:
    known = {
        code: options.translate_known_word(source, kind=kind, language=code)
        for code, _name in TRANSLATED_LANGUAGES
    }
    return {**{code: text for code, text in known.items() if text}, **texts}
