"""Subjects of completeness: what a product may need, the SQL that finds it, where staff enter it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM, Definition
from catalog.models import Spec
from catalog.models.attributes import EDITABLE_COLUMNS

BASE_LANGUAGE = settings.LANGUAGE_CODE
PRICE = "price"  # the only subject that depends on the channel


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that a product may need.

    - ``sql``: a condition on ``p`` (product), ``s`` (specification), ``b`` (brand), ``v`` (facts of
      the variants that are not discontinued) and ``i`` (facts of the images).
    - ``page``: where staff enter it: an anchor of the product page, "brand" or "listings".
    """

    code: str
    label: str | Promise
    sql: str
    page: str = ""


def _of_column(name: str) -> Subject:
    column: Any = Spec._meta.get_field(name)  # noqa: SLF001 - Django's documented model API
    present = f"s.{name} IS NOT NULL"
    if isinstance(column, models.JSONField):
        present = f"s.{name} <> '[]'"
    elif isinstance(column, models.CharField):
        present = f"s.{name} <> ''"
    return Subject(name, column.verbose_name, present, f"id_spec-0-{name}")


_OTHERS = (
    Subject("specification", _("Specification"), "s.id IS NOT NULL", "id_spec-0-output_lm"),
    Subject("title", _("Title"), "p.title <> ''", "id_title"),
    Subject("description", _("Description"), "p.description_html <> ''", "id_description_html"),
    Subject("brand", _("Brand"), "b.key <> 'unbranded'"),
    Subject(
        "output_or_runtime",
        _("Output or runtime"),
        "coalesce(s.output_lm, nullif(s.runtime_high_min, 0), s.runtime_max_min) IS NOT NULL",
        "id_spec-0-output_lm",
    ),
    Subject(PRICE, _("Price"), "false", "listings"),
    Subject(
        "lithium_energy", _("Cell energy of lithium batteries"), "v.has_energy", "variants-group"
    ),
    Subject("packed_weight_g", _("Packed weight, g"), "v.has_packed_weight", "variants-group"),
    Subject("hs_code", _("Customs code (HS)"), "v.has_hs_code", "variants-group"),
    Subject("gtin", _("GTIN"), "v.has_gtin", "variants-group"),
    Subject("mpn", _("Part number (MPN)"), "v.has_mpn", "variants-group"),
    Subject("image", _("Image"), "i.has_image", "images-group"),
    Subject("large_image", _("Image of at least 800 px"), "i.has_large_image", "images-group"),
    Subject("manufacturer", _("Manufacturer"), "b.manufacturer_name <> ''", "brand"),
    Subject(
        "responsible_person",
        _("Responsible person in the EU"),
        "b.manufacturer_name <> '' AND NOT b.lacks_responsible_person",
        "brand",
    ),
)
SUBJECTS: Mapping[str, Subject] = {
    one.code: one for one in (*_OTHERS, *(_of_column(name) for name in EDITABLE_COLUMNS))
}
# In other languages than the main one: the subject, and the condition on the product.
_TRANSLATED: Mapping[str, str] = {
    "title": "p.titles ? '{language}'",
    "description": (
        "EXISTS (SELECT FROM catalog_producttext t WHERE t.product_id = p.id"
        " AND t.language = '{language}' AND (t.summary <> '' OR t.description_html <> ''))"
    ),
}


def text_codes(definitions: Iterable[Definition]) -> frozenset[str]:
    """Return the codes of the subjects that are texts, which are needed in each language."""
    localized = {f"{CUSTOM}{one.code}" for one in definitions if one.is_localized}
    return frozenset(_TRANSLATED) | localized


def of_language(code: str, language: str, *, texts: Collection[str]) -> str:
    """Return the code of a subject in a language. ``texts`` is ``text_codes``."""
    is_translated = code in texts and language != BASE_LANGUAGE
    return f"{code}:{language}" if is_translated else code


def conditions() -> dict[str, str]:
    """Map the code of each subject to its SQL, texts in each language; without custom attributes."""
    found = {code: subject.sql for code, subject in SUBJECTS.items()}
    for language, _name in settings.LANGUAGES:
        if language != BASE_LANGUAGE:
            for code, sql in _TRANSLATED.items():
                found[f"{code}:{language}"] = sql.format(language=language)
    return found


def label_of_subject(code: str) -> str:
    """Return the label of a subject in the current language."""
    if code.startswith(CUSTOM):
        name, language = code.removeprefix(CUSTOM), (get_language() or BASE_LANGUAGE)[:2]
        return registry.name_of(name, language)
    base, _colon, language = code.partition(":")
    label = str(SUBJECTS[base].label) if base in SUBJECTS else code
    return f"{label} ({language})" if language else label


def page_of_subject(code: str) -> str:
    """Return where staff enter the subject: an anchor of the product page, "brand", "listings"."""
    if code.startswith(CUSTOM):
        return f"id_spec-0-{code}"
    subject = SUBJECTS.get(code.partition(":")[0])
    return subject.page if subject else ""


def choices() -> list[tuple[str, str]]:
    """Return the subjects that staff may require, with labels; sorted by label."""
    custom = (f"{CUSTOM}{one.code}" for one in registry.cached() if not one.language)
    codes = [*SUBJECTS, *custom]
    return sorted(((code, label_of_subject(code)) for code in codes), key=lambda pair: pair[1])
