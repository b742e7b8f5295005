"""Duplicates: search our own products for pairs that are likely the same item; keep decisions.

Pairs are compared by the rule of ``offers.identity``. Only variants that share a key are compared: an
identifier, an image file, or the brand and the words of the name. A search rewrites the table of
candidates; a pair about which staff decided is not asked again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from catalog.models import Brand, Identifier, Image, Product, Spec, Variant
from storefront.lib.db import advisory_locks
from storefront.lib.db.transactions import requires_transaction
from suppliers.matches.journal import CHANGED_SINCE
from suppliers.models import DuplicateCandidate, MatchDecision
from suppliers.offers import identity
from suppliers.offers.identity import Item, Outcome, Verdict
from suppliers.offers.overrides import OverrideError
from suppliers.offers.owners import STATED

LOCK_NAME: Final = "search duplicates"
type Pair = tuple[int, int]
IMAGE: Final = "image"
IMAGE_CONFIDENCE: Final = Decimal("0.60")
MAX_PER_KEY: Final = 12  # variants that share a key; more share a catalog image or a generic name
WRITE_BATCH: Final = 2_000


def open_duplicates() -> QuerySet[DuplicateCandidate]:
    """Return the candidates whose variants are both in production, the most likely first."""
    done = Variant.Status.DISCONTINUED
    return (
        DuplicateCandidate.objects.exclude(variant__status=done)
        .exclude(other__status=done)
        .exclude(variant__product__status=Product.Status.ARCHIVED)
        .exclude(other__product__status=Product.Status.ARCHIVED)
        .order_by("-confidence", "pk")
    )


def search_duplicates(*, now: datetime) -> int:
    """Rewrite the table of candidates; return how many there are, 0 if another search is running.

    Reads all variants that are in production. One worker searches at a time, because two would
    insert the same pairs.
    """
    count = 0
    for _mine in advisory_locks.lock_free_slices(LOCK_NAME, [0]):
        count = _store_candidates(_find_candidates(now=now))
    return count


def _find_candidates(*, now: datetime) -> list[DuplicateCandidate]:
    items, products, images = _load_items()
    found: dict[Pair, tuple[Verdict, bool]] = {}
    for key, ids in _keys(items, images).items():
        is_image = key[0] == IMAGE
        if not 1 < len(ids) <= MAX_PER_KEY:
            continue
        for one, other in combinations(sorted(ids), 2):
            if products[one] == products[other]:
                continue
            verdict, has_image = found.get((one, other), (None, False))
            verdict = verdict or identity.compare(items[one], items[other])
            found[one, other] = verdict, has_image or is_image
    return [
        row
        for pair, (verdict, has_image) in found.items()
        if (row := _candidate(pair, verdict, has_image=has_image, now=now))
    ]


@transaction.atomic
def _store_candidates(found: Iterable[DuplicateCandidate]) -> int:
    """Replace the candidates, except the pairs that staff decided, also during the search.

    The deletion waits for decisions that hold a candidate. Later decisions find no candidate.
    """
    DuplicateCandidate.objects.all().delete()
    decided = _decided_pairs()
    rows = [row for row in found if (row.variant_id, row.other_id) not in decided]
    # A conflict is a candidate that an undo restored meanwhile.
    DuplicateCandidate.objects.bulk_create(rows, batch_size=WRITE_BATCH, ignore_conflicts=True)
    return len(rows)


def _candidate(
    pair: Pair,
    verdict: Verdict,
    *,
    has_image: bool,
    now: datetime,
) -> DuplicateCandidate | None:
    evidence, confidence = set(verdict.evidence), verdict.confidence
    if verdict.outcome is Outcome.NEW:
        if not has_image or verdict.contradictions:
            return None
        confidence = IMAGE_CONFIDENCE
    evidence |= {IMAGE} if has_image else set()
    return DuplicateCandidate(
        variant_id=pair[0],
        other_id=pair[1],
        evidence=sorted(evidence),
        contradictions=sorted(verdict.contradictions),
        confidence=confidence,
        found_at=now,
    )


def _load_items() -> tuple[dict[int, Item], dict[int, int], dict[int, list[str]]]:
    """Return items, products and main image files of the variants in production, by variant."""
    brands = dict(Brand.objects.values_list("pk", "name"))
    listed = Variant.objects.exclude(status=Variant.Status.DISCONTINUED).exclude(
        product__status=Product.Status.ARCHIVED
    )
    stated: dict[int, list[tuple[str, str]]] = defaultdict(list)
    numbers = Identifier.objects.filter(scheme__in=STATED)
    for pk, scheme, value, raw in numbers.values_list("variant", "scheme", "value", "raw"):
        stated[pk].append((scheme, value if scheme == Identifier.Scheme.GTIN else raw or value))
    specs = {
        product: dict(zip(identity.NUMBERS, values, strict=True))
        for product, *values in Spec.objects.values_list("product", *identity.NUMBERS)
    }
    stems: dict[int, list[str]] = defaultdict(list)
    main = Image.objects.filter(Q(role=Image.Role.MAIN) | Q(position=0)).exclude(stem="")
    for product, stem in main.values_list("product", "stem"):
        stems[product].append(stem)
    items: dict[int, Item] = {}
    products: dict[int, int] = {}
    images: dict[int, list[str]] = {}
    columns = ("pk", "product", "product__title", "product__brand", "option_values")
    for pk, product, title, brand, options in listed.values_list(*columns).iterator():
        items[pk] = _item(brands[brand], title, options, stated.get(pk, ()), specs.get(product, {}))
        products[pk] = product
        images[pk] = stems.get(product, [])
    return items, products, images


def _item(
    brand: str,
    title: str,
    options: Sequence[str],
    stated: Collection[tuple[str, str]],
    numbers: dict[str, int | Decimal | None],
) -> Item:
    gtin, mpn, model = (
        frozenset(text for one, text in stated if one == scheme) for scheme in STATED
    )
    return Item(
        brand=brand,
        title=title,
        options=tuple(map(str, options)),
        gtins=gtin,
        mpns=mpn,
        models=model,
        numbers={name: Decimal(value) for name, value in numbers.items() if value is not None},
    )


def _keys(
    items: dict[int, Item], images: dict[int, list[str]]
) -> dict[tuple[str, object], set[int]]:
    """Return the variants that share each key."""
    found: dict[tuple[str, object], set[int]] = defaultdict(set)
    for pk, item in items.items():
        # A copy, because an item keeps what it has read of its title.
        for key in _keys_of(replace(item), images[pk]):
            found[key].add(pk)
    return found


def _keys_of(item: Item, stems: Iterable[str]) -> Iterator[tuple[str, object]]:
    yield from (("gtin", gtin) for gtin in item.gtins)
    yield from (("mpn", (item.brand_key, key)) for key in item.mpn_keys)
    yield from (("model", (item.brand_key, key)) for key in item.model_keys)
    yield from ((IMAGE, stem) for stem in stems)
    if item.brand_key and (words := identity.name_words(item, brand="")):
        yield "name", (item.brand_key, words)


def _decided_pairs() -> set[Pair]:
    different = MatchDecision.objects.filter(
        answer=MatchDecision.Answer.DIFFERENT, other__isnull=False, undone_at=None
    )
    return {
        (min(one, other), max(one, other))
        for one, other in different.values_list("variant", "other")
    }


@transaction.atomic(durable=True)
def mark_different(*, candidate: DuplicateCandidate, actor: str, now: datetime) -> MatchDecision:
    """Store that both variants are different items. No search lists the pair again.

    Locks: the candidate
    Raises: OverrideError  it was decided already
    """
    rows = DuplicateCandidate.objects.select_for_update(of=["self"])
    row = rows.filter(pk=candidate.pk).first()
    if row is None:
        raise OverrideError(CHANGED_SINCE)
    row.delete()
    return MatchDecision.objects.create(
        variant_id=row.variant_id,
        other_id=row.other_id,
        kind=MatchDecision.Kind.PAIR,
        answer=MatchDecision.Answer.DIFFERENT,
        before={"candidate": _stored(row)},
        actor=actor,
        at=now,
    )


def _stored(row: DuplicateCandidate) -> dict[str, object]:
    return {
        "evidence": row.evidence,
        "contradictions": row.contradictions,
        "confidence": str(row.confidence),
    }


@requires_transaction
def restore_candidate(decision: MatchDecision, *, now: datetime) -> None:
    """Undo ``mark_different``: restore the candidate, so that staff are asked again."""
    DuplicateCandidate.objects.get_or_create(
        variant_id=decision.variant_id,
        other_id=decision.other_id,
        defaults={**decision.before["candidate"], "found_at": now},
    )
