"""Search quality: search a fixed catalog for 126 judged queries, grade the first ten results.

The grades are conditions on the attributes of the products (``judged_search/queries.tsv``), written
from what customers mean, not from results of the search.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.core.management import call_command
from django.db import transaction

from catalog.attributes.families import BUILT_IN
from catalog.attributes.identifiers import gtin14, mpn_key
from catalog.attributes.plausibility import beam_m
from catalog.models import (
    Brand,
    Category,
    Channel,
    DeliveryArea,
    Identifier,
    Listing,
    Product,
    Spec,
    Variant,
)
from catalog.search import index, product_list
from catalog.search.filters import ProductFilter

DATA = Path(__file__).parents[1] / "judged_search"
GRADES = {"perfect": 3, "good": 2, "fair": 1}
SHOWN = 10  # results that are judged
COUNTRY = "AZ"
type Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One query and its result: ``ndcg`` is 1 if no other order would be better."""

    language: str
    query: str
    ndcg: float
    total: int


def measure(now: datetime) -> list[Judged]:
    """Search for each query; the catalog is added in a transaction that is rolled back."""
    products, queries = _read("products"), _read("queries")
    with _stocked_channel(products, now) as channel:
        return [_judge(query, products, channel=channel, now=now) for query in queries]


def mean_ndcg(judged: Sequence[Judged]) -> float:
    return sum(each.ndcg for each in judged) / len(judged)


def _read(name: str) -> list[Row]:
    with (DATA / f"{name}.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


# Judgement


def _judge(query: Row, products: Sequence[Row], *, channel: Channel, now: datetime) -> Judged:
    grades = _grades(query, products)
    page = product_list.load_page(
        channel=channel,
        query=ProductFilter(search_text=query["query"]),
        country=COUNTRY,
        now=now,
    )
    shown = [grades.get(card.title, 0) for card in page.cards[:SHOWN]]
    best = sorted(grades.values(), reverse=True)[:SHOWN]
    return Judged(
        language=query["language"],
        query=query["query"],
        ndcg=_gain(shown) / _gain(best),
        total=page.total,
    )


def _gain(grades: Iterable[int]) -> float:
    """Return the discounted cumulative gain."""
    return sum(((1 << grade) - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def _grades(query: Row, products: Sequence[Row]) -> dict[str, int]:
    """Return the grade of each suitable product, by title."""
    grades: dict[str, int] = {}
    for name, grade in GRADES.items():
        for alternative in filter(None, query[name].split(" or ")):
            for product in _matching(alternative, products):
                grades.setdefault(product["title"], grade)
    return grades


def _matching(conditions: str, products: Sequence[Row]) -> list[Row]:
    """Return the products that meet all conditions.

    Shape:  ``family=headlamp,lantern & lm>=150 & features~magnet & most lm 5``; a product without
            a number meets no condition on it
    """
    found = list(products)
    for condition in conditions.split(" & "):
        if condition.startswith(("most ", "least ")):
            order, column, count = condition.split()
            found = [row for row in found if row[column]]
            found.sort(key=lambda row: float(row[column]), reverse=order == "most")
            found = found[: int(count)]
        else:
            found = [row for row in found if _meets(row, condition)]
    return found


def _meets(row: Row, condition: str) -> bool:
    for operator in (">=", "<=", "!=", "=", "~"):
        column, found, value = condition.partition(operator)
        if found:
            break
    held = row[column]
    if operator == ">=":
        return held != "" and float(held) >= float(value)
    if operator == "<=":
        return held != "" and float(held) <= float(value)
    if operator == "~":
        return value in held
    return (held in value.split(",")) == (operator == "=")


# Catalog


@contextmanager
def _stocked_channel(products: Sequence[Row], now: datetime) -> Iterator[Channel]:
    with transaction.atomic():
        Identifier.objects.all().delete()  # synced products have the same GTINs
        call_command("create_categories", stdout=io.StringIO())
        channel = Channel.objects.create(
            code="judged-search",
            name="Judged search",
            currency="EUR",
            default_country=COUNTRY,
            countries=[COUNTRY],
        )
        area, _is_new = DeliveryArea.objects.get_or_create(countries=[])
        categories = {category.slug: category for category in Category.objects.all()}
        ids = []
        for number, row in enumerate(products):
            brand, _is_new = Brand.objects.get_or_create(
                key=row["brand"].casefold(), defaults={"name": row["brand"]}
            )
            product = Product.objects.create(
                slug=f"judged-{number}",
                brand=brand,
                category=categories[BUILT_IN[row["family"]].category],
                family=row["family"],
                title=row["title"],
                status=Product.Status.LIVE,
            )
            _add_spec(product, row)
            _add_variant(product, row, channel=channel, area=area, now=now)
            ids.append(product.pk)
        index.reindex(product_ids=ids, channel=channel)
        yield channel
        transaction.set_rollback(True)


def _add_spec(product: Product, row: Row) -> None:
    intensity_cd = _number(row["cd"])
    Spec.objects.create(
        product=product,
        output_lm=_number(row["lm"]),
        intensity_cd=intensity_cd,
        beam_m=intensity_cd and beam_m(intensity_cd),
        runtime_high_min=_number(row["high_min"]),
        runtime_max_min=_number(row["max_min"]),
        weight_g=_number(row["g"]),
        ip_rating="" if row["ip"] == "none" else row["ip"],
        cri=_number(row["cri"]),
        power_sources=_list(row["power"]),
        battery_format=row["cell"],
        battery_capacity_mah=_number(row["mah"]),
        charging=_list(row["charging"]),
        features=_list(row["features"]),
        light_colors=_list(row["light"]),
    )


def _add_variant(
    product: Product, row: Row, *, channel: Channel, area: DeliveryArea, now: datetime
) -> None:
    variant = Variant.objects.create(
        product=product,
        sku=row["sku"],
        color=row["color"],
        option_values=[row["color"]],
        weight_g=_number(row["g"]),
        status=Variant.Status.ACTIVE,
    )
    for scheme, value in (
        (Identifier.Scheme.GTIN, gtin14(row["gtin"])),
        (Identifier.Scheme.MPN, mpn_key(row["brand"], row["mpn"])),
    ):
        Identifier.objects.create(variant=variant, scheme=scheme, value=value)
    Listing.objects.create(
        channel=channel,
        variant=variant,
        price_amount=Decimal(row["price"]),
        available=20,
        area=area,
        ships_from={"CN": 20},
        as_of=now,
        is_published=True,
    )


def _number(text: str) -> int | None:
    return int(text) if text else None


def _list(text: str) -> list[str]:
    return text.split(",") if text else []
