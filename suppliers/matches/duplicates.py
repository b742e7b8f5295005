"""Duplicates: search our own products for pairs that are likely the same item; keep decisions.

Pairs are compared by the rule of ``offers.identity``. Only variants that share a key are compared: an
identifier, an image file, or the brand and the words of the name. A search rewrites the table of
candidates; a pair about which staff decided is not asked again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import batched
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from catalog.models import Identifier, Product, Spec, Variant
from storefront.lib.db import advisory_locks
from storefront.lib.db.transactions import requires_transaction
from suppliers.matches.journal import CHANGED_SINCE
from suppliers.models import DuplicateCandidate, MatchDecision
from suppliers.offers import identity
from suppliers.offers.identity import Item, Outcome, Verdict
from suppliers.offers.overrides import OverrideError
from suppliers.offers.owners import STATED
from suppliers.runs.staging import rows as select_rows
from suppliers.runs.staging import staging_table, with_large_work_mem

LOCK_NAME: Final = "search duplicates"
type Pair = tuple[int, int]
IMAGE: Final = "image"
IMAGE_CONFIDENCE: Final = Decimal("0.60")
MAX_PER_KEY: Final = 12  # variants that share a key; more share a catalog image or a generic name
LOAD_BATCH, WRITE_BATCH = 1_000, 2_000
# Two variants share a key that the database reads, or one of ``_keys_of``. Hashes may collide: the
# pairs are compared anyway.
SELECT_PAIRS: Final = """
WITH listed AS (
    SELECT v.id, v.product_id
    FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
    WHERE v.status <> 'discontinued' AND p.status <> 'archived'
), shared AS (
    SELECT 'text' AS kind, key, variant_id FROM duplicate_keys
    UNION
    SELECT 'gtin', value::bigint, variant_id FROM catalog_identifier WHERE scheme = 'gtin'
    UNION
    SELECT 'image', hashtextextended(i.stem, 0), listed.id
    FROM catalog_image i JOIN listed USING (product_id)
    WHERE i.stem <> '' AND (i.role = 'main' OR i.position = 0)
), keyed AS MATERIALIZED (
    SELECT * FROM (
        SELECT kind, key, listed.id, product_id, count(*) OVER (PARTITION BY kind, key) AS variants
        FROM shared JOIN listed ON listed.id = shared.variant_id
    ) counted
    WHERE variants BETWEEN 2 AND %(max)s
)
SELECT one.id, other.id, bool_or(kind = 'image')
FROM keyed one JOIN keyed other USING (kind, key)
WHERE one.id < other.id AND one.product_id <> other.product_id
GROUP BY one.id, other.id ORDER BY one.id, other.id
"""


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
    found = []
    for pairs in batched(_find_pairs(), LOAD_BATCH):
        ids = {pk for one, other, _ in pairs for pk in (one, other)}
        items = _load_items(_variant_rows(Variant.objects.filter(pk__in=ids)))
        for one, other, has_image in pairs:
            if one not in items or other not in items:
                continue  # deleted since
            verdict = identity.compare(items[one], items[other])
            if row := _candidate((one, other), verdict, has_image=has_image, now=now):
                found.append(row)
    return found


def _find_pairs() -> list[tuple[int, int, bool]]:
    """Return the pairs of variants that share a key, and whether they share an image."""
    listed = Variant.objects.exclude(status=Variant.Status.DISCONTINUED).exclude(
        product__status=Product.Status.ARCHIVED
    )
    with staging_table("duplicate_keys", ("key bigint", "variant_id bigint")) as stage:
        for part in batched(_variant_rows(listed).iterator(), LOAD_BATCH):
            for pk, item in _load_items(part).items():
                stage.extend((hash(key), pk) for key in _keys_of(item))
        stage.analyze()
        with with_large_work_mem():
            return select_rows(SELECT_PAIRS, {"max": MAX_PER_KEY})


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


def _variant_rows(variants: QuerySet[Variant]) -> QuerySet[Variant, tuple[Any, ...]]:
    """Select what ``_load_items`` takes, by brand: reading a title compiles patterns of its brand."""
    columns = ("pk", "product", "product__title", "product__brand__name", "option_values")
    return variants.order_by("product__brand", "pk").values_list(*columns)


def _load_items(variants: Collection[tuple[Any, ...]]) -> dict[int, Item]:
    stated: dict[int, list[tuple[str, str]]] = defaultdict(list)
    numbers = Identifier.objects.filter(variant__in=[pk for pk, *_ in variants], scheme__in=STATED)
    for pk, scheme, value, raw in numbers.values_list("variant", "scheme", "value", "raw"):
        stated[pk].append((scheme, value if scheme == Identifier.Scheme.GTIN else raw or value))
    of_products = Spec.objects.filter(product__in=[product for _, product, *_ in variants])
    specs = {
        product: dict(zip(identity.NUMBERS, values, strict=True))
        for product, *values in of_products.values_list("product", *identity.NUMBERS)
    }
    return {
        pk: _item(brand, title, options, stated.get(pk, ()), specs.get(product, {}))
        for pk, product, title, brand, options in variants
    }


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


def _keys_of(item: Item) -> Iterator[tuple[str, str, object]]:
    """Yield what the part and model numbers and the name of an item share with duplicates."""
    yield from (("mpn", item.brand_key, key) for key in item.mpn_keys)
    yield from (("model", item.brand_key, key) for key in item.model_keys)
    if item.brand_key and (words := identity.name_words(item, brand="")):
        yield "name", item.brand_key, words


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
