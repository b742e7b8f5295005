"""Product titles: show the titles of products, order lines and variants in the active language."""

from django.conf import settings
from django.utils.translation import get_language

from catalog.models import Variant
from catalog.texts.titles import Titled, full_title_in, title_in
from storefront.web.catalog.supplier_text import marked_english


def product_title(titled: Titled) -> str:
    return title_in(titled, _language())


def variant_title(variant: Variant) -> str:
    """Return the title of a variant's product with the options of the variant."""
    return full_title_in(variant, _language())


def marked_title(titled: Titled) -> str:
    """Return a title in the active language; mark one that is only known in English."""
    shown = product_title(titled)
    is_english = shown in {titled.title, titled.titles.get(settings.LANGUAGE_CODE)}
    return marked_english(shown) if is_english else shown


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
