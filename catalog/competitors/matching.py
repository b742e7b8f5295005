"""Competitor price matching: match the lines of a list to variants, flag implausible lists.

Writes nothing. The guards of a price book catch a single wrong price. A shifted column, or cents
reported as euros, shows only when many lines are compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched
from urllib.parse import urlsplit

from django.conf import settings

from catalog.attributes.identifiers import mpn_key
from catalog.brands.aliases import Aliases, load_aliases, resolve
from catalog.competitors.csv_format import PriceLine, RejectedLine, UnreadableFileError
from catalog.competitors.formats import PARSERS
from catalog.enums import ListFormat
from catalog.models import CompetitorPrice, CompetitorPriceList, Identifier, Variant
from catalog.models.competitors import MatchMethod
from catalog.pricing.market import MAX_COMPETITOR_PRICE_AGE

BATCH = 1000
# A clock may be wrong by hours; a price dated next week is an error.
MAX_CLOCK_SKEW = timedelta(days=1)
# Confidence of a match, by the identifier that matched.
CONFIDENCE = {
    MatchMethod.SKU: Decimal("1.00"),
    MatchMethod.GTIN: Decimal("0.95"),
    MatchMethod.MPN: Decimal("0.80"),
}
SHOWN_CHARACTERS = 40

type VariantRef = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPrice:
    line: PriceLine
    variant_id: int
    sku: str
    by: MatchMethod
    confidence: Decimal
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    matched: list[MatchedPrice] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)


def preview(*, file: CompetitorPriceList) -> ImportPreview:
    """Parse a list and match its lines to variants.

    Raises: UnreadableFileError  not a price list, or its content is no longer stored
    """
    if not file.content:
        raise UnreadableFileError("content_deleted")
    result = ImportPreview()
    lines: list[PriceLine] = []
    for line in PARSERS[ListFormat(file.list_format)](file.content):
        if isinstance(line, PriceLine):
            lines.append(line)
        else:
            result.rejected.append(line)
    for batch in batched(lines, BATCH):
        _match(batch, file=file, result=result)
    _keep_newest(result)
    result.rejected.sort(key=lambda line: line.number)
    return result


def _match(lines: Sequence[PriceLine], *, file: CompetitorPriceList, result: ImportPreview) -> None:
    skus = {line.sku for line in lines if line.sku}
    brands = load_aliases()
    our_variants = Variant.objects.filter(sku__in=skus).values_list("sku", "pk")
    known: dict[MatchMethod, dict[str, VariantRef]] = {
        MatchMethod.SKU: {sku: (variant_id, sku) for sku, variant_id in our_variants},
        MatchMethod.GTIN: _variants_by_identifier(
            "gtin", {line.gtin for line in lines if line.gtin}
        ),
        MatchMethod.MPN: _variants_by_identifier(
            "mpn", {_mpn(line, brands) for line in lines if line.mpn}
        ),
    }
    names_of_ours, our_host = _own_names()
    for line in lines:
        if line.competitor in names_of_ours or (our_host and _host(line.url) == our_host):
            # Otherwise we would undercut our own prices repeatedly.
            result.rejected.append(RejectedLine(line.number, "ourselves"))
            continue
        as_of = line.as_of or file.as_of or file.received_at
        if why := _date_problem(as_of, file.received_at):
            result.rejected.append(RejectedLine(line.number, *why))
            continue
        names = {
            MatchMethod.SKU: line.sku,
            MatchMethod.GTIN: line.gtin,
            MatchMethod.MPN: _mpn(line, brands) if line.brand and line.mpn else "",
        }
        hits = {by: known[by][name] for by, name in names.items() if name in known[by]}
        if not hits:
            identifiers = [
                [by.value, name[:SHOWN_CHARACTERS]] for by, name in names.items() if name
            ]
            result.rejected.append(RejectedLine(line.number, "not_ours", {"goods": identifiers}))
        elif len(set(hits.values())) > 1:
            schemes = {"names": [by.value for by in hits]}
            result.rejected.append(RejectedLine(line.number, "ambiguous", schemes))
        else:
            by, (variant_id, sku) = next(iter(hits.items()))
            result.matched.append(
                MatchedPrice(
                    line=line,
                    variant_id=variant_id,
                    sku=sku,
                    by=by,
                    confidence=min(CONFIDENCE[by], line.confidence),
                    # A fast clock must not block later prices.
                    as_of=min(as_of, file.received_at),
                )
            )


def _mpn(line: PriceLine, brands: Aliases) -> str:
    return mpn_key(resolve(line.brand, brands), line.mpn)


def _own_names() -> tuple[set[str], str]:
    """Return the shop names that mean ourselves, and our host."""
    host = _host(settings.PUBLIC_URL)
    names = {" ".join(name.split()).casefold() for name in settings.SHOP_NAMES}
    return {*names, host, f"www.{host}"}, host


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".").removeprefix("www.")


def _date_problem(
    as_of: datetime, received_at: datetime
) -> tuple[str, dict[str, str | int]] | None:
    """Return why a price of that date is rejected, None if it is current."""
    day = f"{as_of:%Y-%m-%d}"
    if as_of > received_at + MAX_CLOCK_SKEW:
        return "future", {"day": day}
    if as_of <= received_at - MAX_COMPETITOR_PRICE_AGE:
        return "old", {"day": day, "days": MAX_COMPETITOR_PRICE_AGE.days}
    return None


def _variants_by_identifier(scheme: str, values: set[str]) -> dict[str, VariantRef]:
    claims = Identifier.objects.filter(scheme=scheme, value__in=values)
    undisputed = claims.exclude(state=Identifier.State.CONFLICT)
    return {
        value: (variant_id, sku)
        for value, variant_id, sku in undisputed.values_list("value", "variant_id", "variant__sku")
    }


def _keep_newest(result: ImportPreview) -> None:
    """Keep one line per competitor and variant: the newest, or the first of several equally new."""
    best: dict[tuple[int, str], MatchedPrice] = {}
    for match in sorted(result.matched, key=lambda price: price.as_of, reverse=True):
        if best.setdefault((match.variant_id, match.line.competitor), match) is not match:
            result.rejected.append(RejectedLine(match.line.number, "duplicate"))
    result.matched[:] = sorted(best.values(), key=lambda price: price.line.number)


MIN_KNOWN_PRICES = 20
IMPLAUSIBLE_FACTOR = 5


class ImplausibleListError(ValueError):
    """Too many prices change too far at once; the message gives the counts."""


def check_plausibility(matched: Sequence[MatchedPrice]) -> dict[str, int]:
    """Return counts if the list needs approval because prices changed implausibly; else empty.

    A change of currency counts as implausible too.
    Shape:  as ``labels.implausible_changes`` expects them
    """
    known = moved = 0
    for batch in batched(matched, BATCH):
        prices = CompetitorPrice.objects.filter(variant__in={match.variant_id for match in batch})
        present = {(price.variant_id, price.competitor): price for price in prices}
        for match in batch:
            price = present.get((match.variant_id, match.line.competitor))
            if price is not None and price.as_of <= match.as_of:
                known += 1
                moved += _is_implausible(price, match)
    if known < MIN_KNOWN_PRICES or moved * 2 <= known:
        return {}
    return {"moved": moved, "known": known, "factor": IMPLAUSIBLE_FACTOR}


def _is_implausible(price: CompetitorPrice, matched: MatchedPrice) -> bool:
    low, high = sorted((price.amount, matched.line.amount))
    return price.currency != matched.line.currency or high >= low * IMPLAUSIBLE_FACTOR
