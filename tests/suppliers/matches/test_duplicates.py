"""Searches for duplicates: one at a time, and decisions of staff during a search."""

import threading

import pytest

from catalog.models import Identifier
from suppliers.matches import duplicates
from suppliers.models import DuplicateCandidate
from tests.factories.catalog import NOON, make_brand, make_image, make_product, make_variant
from tests.support.concurrency import all_at_once


@pytest.fixture
def pair(db):
    """Two products of one brand with the same part number."""
    variants = []
    for slug in ("first", "second"):
        product = make_product(slug=slug, brand=make_brand(name="Fara"), title="Fara H10 headlamp")
        variants.append(make_variant(product, sku=slug))
        state = {} if slug == "first" else {"state": "conflict"}
        Identifier.objects.create(
            variant=variants[-1], scheme="mpn", value="fara:h10", raw="H10", **state
        )
    return variants


def test_a_pair_marked_as_different_during_a_search_is_not_listed_again(pair, monkeypatch):
    duplicates.search_duplicates(now=NOON)
    candidate = DuplicateCandidate.objects.get()
    real = duplicates._find_pairs

    def find_pairs():
        duplicates.mark_different(candidate=candidate, actor="mia", now=NOON)
        return real()

    monkeypatch.setattr(duplicates, "_find_pairs", find_pairs)

    assert duplicates.search_duplicates(now=NOON) == 0

    assert not DuplicateCandidate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_searches_at_once_list_each_pair_once(transactional_db, pair, monkeypatch):
    inside, done = threading.Event(), threading.Event()
    real, searches = duplicates._find_pairs, []

    def find_pairs():
        searches.append(1)
        inside.set()
        done.wait(20)
        return real()

    monkeypatch.setattr(duplicates, "_find_pairs", find_pairs)

    def second():
        inside.wait(20)
        threading.Timer(5, done.set).start()  # ends a second search that reads, too
        duplicates.search_duplicates(now=NOON)
        done.set()

    all_at_once([lambda: duplicates.search_duplicates(now=NOON), second], ())

    assert len(searches) == 1
    assert DuplicateCandidate.objects.count() == 1


def _make_lights(*titles, brand="Fara"):
    brand = make_brand(name=brand)
    return [make_variant(make_product(brand=brand, title=title)) for title in titles]


def _add_gtin(number, variant):
    state = "conflict" if number else "asserted"
    Identifier.objects.create(variant=variant, scheme="gtin", value="04006381333931", state=state)


def _add_mpn(number, variant):
    Identifier.objects.create(variant=variant, scheme="mpn", value=f"fara:h1{number}", raw="H1-0")


def _add_image(_number, variant):
    make_image(variant.product, stem="same")


def _evidence():
    return [row.evidence for row in DuplicateCandidate.objects.all()]


@pytest.mark.parametrize(
    ("add", "titles", "evidence"),
    [
        (_add_gtin, ("Fara Storm headlamp", "Fara Raven headlamp"), ["gtin"]),
        (_add_mpn, ("Fara Storm headlamp", "Fara Raven headlamp"), ["mpn"]),
        (_add_image, ("Fara headlamp", "Fara lamp"), ["image"]),
        (None, ("Fara Storm Raven headlamp", "Fara headlamp Raven Storm"), ["title"]),
    ],
)
def test_variants_that_share_a_key_are_listed(db, add, titles, evidence):
    for number, variant in enumerate(_make_lights(*titles)):
        if add:
            add(number, variant)

    duplicates.search_duplicates(now=NOON)

    assert _evidence() == [evidence]


def test_an_image_of_many_products_is_no_evidence(db):
    for variant in _make_lights(*["Fara headlamp"] * (duplicates.MAX_PER_KEY + 1)):
        make_image(variant.product, stem="same")

    assert duplicates.search_duplicates(now=NOON) == 0


def test_variants_out_of_production_are_no_duplicates(pair):
    pair[0].product.status = "archived"
    pair[0].product.save()

    assert duplicates.search_duplicates(now=NOON) == 0
