"""Bad records: generate products with each flaw that real feeds have. Pure."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from .generator import make
from .identifiers import FIRST_BAD_SUBJECT, check_digit
from .model import Product, Variant

HOSTILE_HTML = (
    "<script>document.title='owned'</script>"
    '<img src="x" onerror="document.title=\'owned\'">'
    "<a href=\"javascript:document.title='owned'\">Download the manual</a>"
    '<iframe src="https://evil.example/"></iframe>'
)


def bad_record(subject: int, *, count: int, seed: int) -> Product:
    """Return bad record ``subject - FIRST_BAD_SUBJECT`` of a catalog of ``count`` good products."""
    number = subject - FIRST_BAD_SUBJECT
    flaw = tuple(FLAWS)[number % len(FLAWS)]
    twin = make(number * 7 % count, seed=seed)
    product = replace(make(subject, seed=seed), flaw=flaw)
    return FLAWS[flaw](product, twin)


def _each(product: Product, change: Callable[[Variant], Variant]) -> Product:
    return replace(product, variants=tuple(change(variant) for variant in product.variants))


def _wrong_check_digit(product: Product, _: Product) -> Product:
    def wrong(variant: Variant) -> Variant:
        body = variant.barcode[:-1]
        return replace(variant, barcode=f"{body}{(int(check_digit(body)) + 3) % 10}")

    return _each(product, wrong)


def _duplicate_gtin(product: Product, twin: Product) -> Product:
    barcode = twin.variants[0].barcode
    return _each(product, lambda variant: replace(variant, barcode=barcode))


def _duplicate_sku(product: Product, twin: Product) -> Product:
    first, *others = product.variants
    return replace(product, variants=(replace(first, sku=twin.variants[0].sku), *others))


def _impossible_lumens(product: Product, _: Product) -> Product:
    claims = {"Light output": "990,000 lm", "Beam distance": "1000 m irradiation"}
    specs = [(label, claims.pop(label, value)) for label, value in product.specs]
    specs += claims.items()
    return replace(
        product,
        title=f"990000LM super bright XHP360 {product.noun} {product.model}",
        specs=tuple(specs),
    )


def _hostile_html(product: Product, _: Product) -> Product:
    return replace(product, lead=product.lead + HOSTILE_HTML)


def _price_range(product: Product, _: Product) -> Product:
    def dearer(variant: Variant) -> Variant:
        return replace(variant, price=variant.price + Decimal("1.40") * variant.place)

    return _each(product, dearer)


def _odd_letters(product: Product, _: Product) -> Product:
    return replace(product, title=f"🔦🔥 \u202e{product.model}\u202c مصباح {product.noun} 超亮 ‼️")


def _no_variants(product: Product, _: Product) -> Product:
    return replace(product, variants=())


def _as_made(product: Product, _: Product) -> Product:
    """Return the product unchanged: its flaw is added by the sandbox's answers."""
    return product


FLAWS: dict[str, Callable[[Product, Product], Product]] = {
    "wrong_check_digit": _wrong_check_digit,
    "duplicate_gtin": _duplicate_gtin,
    "duplicate_sku": _duplicate_sku,
    "impossible_lumens": _impossible_lumens,
    "hostile_html": _hostile_html,
    "missing_price": _as_made,
    "price_range": _price_range,
    "negative_stock": _as_made,
    "null_fields": _as_made,
    "missing_variants": _no_variants,
    "odd_letters": _odd_letters,
    "weight_range": _as_made,
}
