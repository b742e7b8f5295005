"""Home page: show one light for each distance, shortcuts by purpose, a row for each family."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog.attributes.families import FamilyKind
from catalog.models.families import cached_families
from catalog.products import shop
from catalog.search.cards import ProductCardRow
from storefront.web.catalog.product_card import availability_for
from storefront.web.charts import beam
from storefront.web.core.page_cache import cache_page
from storefront.web.core.visit import visit

# Landmarks in the picture of the home page, and their distance in meters.
LANDMARKS: tuple[tuple[float, str, Promise], ...] = (
    (2, "book", _("map")),
    (6, "tent", _("tent")),
    (18, "dog", _("dog")),
    (50, "sign", _("trail sign")),
    (130, "cabin", _("cabin")),
    (300, "trees", _("far bank")),
    (700, "hill", _("next hill")),
)
REACHES_M = (25, 60, 120, 250, 600)
# Purposes: a category and its first filters, which the customer can change.
PURPOSES: tuple[tuple[str, Promise, Promise, str, str], ...] = (
    ("dog", _("Dog walk"), _("from 150 lm, up to 120 g"), "headlamps", "lm_min=150&g_max=120"),
    ("tent", _("Camping"), _("lanterns, longest run time first"), "lanterns", "sort=runtime"),
    ("run", _("Running"), _("up to 90 g, rainproof"), "headlamps", "g_max=90&water=splash"),
    ("tool", _("Workshop"), _("with a magnet"), "work-lights", "f=magnet"),
    ("book", _("Reading"), _("red light, lightest first"), "headlamps", "f=red_light&sort=weight"),
    ("bike", _("Bike"), _("brightest first"), "bike-lights", "sort=lumens"),
    ("far", _("Searching"), _("longest beam first"), "flashlights", "sort=beam"),
    ("car", _("Car and emergency"), _("charges by USB-C"), "flashlights", "power=usb_c"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturedLight:
    """One light in the picture: its beam, and the landmarks it reaches."""

    light: ProductCardRow
    shape: beam.Glyph
    marks: tuple[tuple[float, float, str, Promise, bool], ...]
    last_lit: Promise | None


@require_safe
@cache_page
def home(request: HttpRequest) -> HttpResponse:
    here, now = visit(request), timezone.now()
    front = shop.load_home(
        channel=here.channel, categories=here.categories, country=here.country, now=now
    )
    cards = [card for family in front.picks.values() for card in family]
    return render(
        request,
        "web/catalog/home.html",
        {
            "acts": featured_lights(cards),
            "axis": [(beam.STAGE.x(meters), meters) for meters in (1, 3, 10, 30, 100, 300, 1000)],
            "tasks": PURPOSES,
            "rows": rows(front.picks),
            "categories": front.categories,
            "answers": availability_for(cards, country=here.country, channel=here.channel, now=now),
        },
    )


def rows(
    picks: Mapping[str, tuple[ProductCardRow, ...]],
) -> list[tuple[str, tuple[ProductCardRow, ...]]]:
    lights = [family.code for family in cached_families() if family.kind == FamilyKind.LIGHT]
    return [(family, picks[family]) for family in lights if picks.get(family)]


def featured_lights(cards: Iterable[ProductCardRow]) -> list[FeaturedLight]:
    """Return different lights that reach from near to far, one per distance."""
    free = [card for card in cards if card.intensity_cd and card.output_lm]
    chosen = []
    for distance in REACHES_M:
        if not free:
            break
        best = min(free, key=lambda card: _ratio_to(card, distance))
        free.remove(best)
        chosen.append(best)
    return [_featured(card) for card in sorted(chosen, key=lambda card: card.intensity_cd or 0)]


def _ratio_to(card: ProductCardRow, distance_m: int) -> float:
    reach = max(beam.reach_m(card.intensity_cd or 1), 1)
    return max(reach / distance_m, distance_m / reach)


def _featured(card: ProductCardRow) -> FeaturedLight:
    shape = beam.glyph(card.intensity_cd or 1, card.output_lm or 1, beam.STAGE)
    marks = tuple(
        (beam.STAGE.x(meters), meters, name, label, meters <= shape.reach_m)
        for meters, name, label in LANDMARKS
    )
    lit = [label for _x, _meters, _name, label, is_lit in marks if is_lit]
    return FeaturedLight(light=card, shape=shape, marks=marks, last_lit=lit[-1] if lit else None)
