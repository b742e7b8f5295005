"""Catalog export: load variants in batches, yield them as rows of a table."""

from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import batched, pairwise

from django.db.models import QuerySet

from catalog.custom_attributes import registry
from catalog.models import Identifier, Image, Mode, Product, ProductText, Spec, Variant
from suppliers.catalog_files import columns
from suppliers.catalog_files.columns import ExportRow
from suppliers.models import Supplier, SupplierOffer

BATCH = 500


def table(products: QuerySet[Product], *, supplier: Supplier | None = None) -> Iterator[list[str]]:
    """Yield the headings, then one row per variant; with a supplier, one row per offer of that supplier."""
    catalog = _of_supplier(supplier)
    wanted = catalog.filter(pk__in=products.order_by().values("pk")).order_by("pk")
    ids = list(wanted.values_list("pk", flat=True))
    headings = columns.headings(option_names(catalog))
    yield headings
    for batch in batched(ids, BATCH):
        for row in load_rows(batch, supplier=supplier):
            cells = columns.to_cells(row)
            yield [cells.get(heading, "") for heading in headings]


def _of_supplier(supplier: Supplier | None) -> QuerySet[Product]:
    if supplier is None:
        return Product.objects.all()
    offers = SupplierOffer.objects.filter(supplier=supplier, variant__isnull=False)
    return Product.objects.filter(pk__in=offers.values("variant__product"))


def option_names(catalog: QuerySet[Product]) -> list[str]:
    """Return the option names of the whole catalog, so that each part of it has the same columns.

    They keep the order that each product has, because an import reads it from the columns.
    """
    lists = sorted(catalog.values_list("option_names", flat=True).distinct())
    order = TopologicalSorter[str]({name: () for names in lists for name in names})
    for names in lists:
        for before, after in pairwise(names):
            order.add(after, before)
    try:
        return list(order.static_order())
    except CycleError:  # products contradict each other
        return list(dict.fromkeys(name for names in lists for name in names))


def load_rows(
    product_ids: Sequence[int], *, supplier: Supplier | None = None
) -> Iterator[ExportRow]:
    """Yield the rows of some products, those of one product together, in their order."""
    products = Product.objects.select_related("brand", "category").in_bulk(product_ids)
    specs = {spec.product_id: spec for spec in Spec.objects.filter(product__in=product_ids)}
    modes = _by(Mode.objects.filter(product__in=product_ids).order_by("position"), "product_id")
    texts = _by(ProductText.objects.filter(product__in=product_ids), "product_id")
    pictures = _by(
        Image.objects.filter(product__in=product_ids).order_by("position", "pk"), "product_id"
    )
    variants = _by(
        Variant.objects.filter(product__in=product_ids).order_by("position", "pk"), "product_id"
    )
    variant_ids = [variant.pk for of_product in variants.values() for variant in of_product]
    # Conflicts come last, because another variant has the identifier.
    known = Identifier.objects.filter(variant__in=variant_ids).order_by("state", "pk")
    identifiers = _by(sorted(known, key=_is_conflict), "variant_id")
    offers = _offers(variant_ids, supplier)
    custom = registry.load()
    for product_id in product_ids:
        own = variants.get(product_id, [])
        assigned = _assign_pictures(own, pictures.get(product_id, []))
        spec = specs.get(product_id) or Spec(product_id=product_id)
        has_battery = bool(spec.battery_included) or any(
            variant.lithium != Variant.Lithium.NONE for variant in own
        )
        for variant in own:
            of_variant = identifiers.get(variant.pk, [])
            for offer in _chosen(offers.get(variant.pk, []), of_variant, supplier):
                yield ExportRow(
                    variant=variant,
                    product=products[product_id],
                    spec=spec,
                    texts={text.language: text for text in texts.get(product_id, ())},
                    custom=custom,
                    modes=modes.get(product_id, ()),
                    identifiers=of_variant,
                    picture_urls=assigned[variant.pk],
                    has_battery=has_battery,
                    offer=offer,
                )


def _is_conflict(identifier: Identifier) -> bool:
    return identifier.state == Identifier.State.CONFLICT


def _by[R](rows: Iterable[R], name: str) -> dict[int, list[R]]:
    grouped: dict[int, list[R]] = {}
    for row in rows:
        grouped.setdefault(getattr(row, name), []).append(row)
    return grouped


def _offers(
    variant_ids: Sequence[int], supplier: Supplier | None
) -> dict[int, list[SupplierOffer]]:
    offers = SupplierOffer.objects.filter(variant__in=variant_ids).select_related("supplier")
    if supplier is not None:
        offers = offers.filter(supplier=supplier)
    return _by(offers.order_by("pk"), "variant_id")


def _chosen(
    offers: Sequence[SupplierOffer], identifiers: Sequence[Identifier], supplier: Supplier | None
) -> Sequence[SupplierOffer | None]:
    """Return all offers of the supplier; without one, one offer, preferably that of the creator."""
    if supplier is not None:
        return offers
    names = {
        identifier.value
        for identifier in identifiers
        if identifier.scheme == Identifier.Scheme.SUPPLIER
    }

    def rank(offer: SupplierOffer) -> tuple[bool, bool, int]:
        is_source = f"{offer.supplier.code}:{offer.supplier_sku}" in names
        return (not is_source, offer.status == SupplierOffer.Status.DISCONTINUED, offer.pk)

    return [min(offers, key=rank, default=None)]


def _assign_pictures(
    variants: Sequence[Variant], pictures: Sequence[Image]
) -> dict[int, list[str]]:
    """Return the image URLs of each variant, so that an import keeps their variants and order.

    An image of no variant is repeated for all variants, from the last one whose images precede it.
    """
    assigned: dict[int, list[str]] = {}
    passed: set[int | None] = {None}
    for variant in variants:
        passed.add(variant.pk)
        is_reached = True
        assigned[variant.pk] = []
        for picture in pictures:
            is_reached = is_reached and picture.variant_id in passed
            is_own = picture.variant_id == variant.pk
            if is_own or (is_reached and picture.variant_id is None):
                assigned[variant.pk].append(picture.source_url)
    return assigned
