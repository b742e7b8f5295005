"""Product page parts: render what depends on neither price nor stock, cache it by content.

Pictures, facts, charts, description and specifications are most of a product page, and change only
with the product. Each process keeps the parts that it rendered last.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.template import engines
from markupsafe import Markup

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from catalog.models.families import cached_families
from catalog.products.detail import ProductView, VariantView
from catalog.safety.warnings import safety_warnings
from catalog.texts import options
from catalog.texts.options import OptionTexts
from storefront.web.catalog.spec_table import spec_table
from storefront.web.catalog.supplier_text import translated_plain
from storefront.web.charts import beam, runtime

CACHE_SIZE = 256  # about 20 KB each
USEFUL_LX = 5.0  # enough light to walk on a path
BLINKING = frozenset({"strobe", "sos", "beacon"})


class ProductParts(NamedTuple):
    """Parts of a product page as HTML."""

    gallery: Markup
    facts: Markup
    details: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What the parts show, as a cache key: ``content`` stands for ``light`` and ``chosen``."""

    content: object
    variant_id: int
    has_battery: bool | None
    language: str
    custom: tuple[Definition, ...]
    option_texts: OptionTexts
    light: ProductView = field(compare=False)
    chosen: VariantView = field(compare=False)


def product_parts(light: ProductView, chosen: VariantView, language: str) -> ProductParts:
    """Return the parts of a product page in the active language."""
    shown = _Shown(
        content=light.content,
        variant_id=chosen.id,
        has_battery=_has_battery(light, chosen),
        language=language,
        custom=registry.cached(),
        option_texts=options.cached(),
        light=light,
        chosen=chosen,
    )
    # uncached, so that edits of the template show
    render = _rendered.__wrapped__ if settings.DEBUG else _rendered
    return render(shown)


@lru_cache(maxsize=CACHE_SIZE)
def _rendered(shown: _Shown) -> ProductParts:
    light, chosen = shown.light, shown.chosen
    context = {
        "light": light,
        "spec": light.spec,
        "chosen": chosen,
        "pictures": light.pictures_of(chosen),
        "has_battery": shown.has_battery,
        "warnings": safety_warnings(
            light.safety_warnings,
            language=shown.language,
            family_kind=cached_families().kind_of(light.family),
            lithium=chosen.lithium,
            chemistry=light.spec.battery_chemistry if light.spec else "",
        ),
        "sheet": spec_table(light, chosen, shown.language, shown.custom),
        "language": shown.language,
        **charts(light),
    }
    env = engines["jinja"].env  # type: ignore[attr-defined]

    def part(name: str) -> Markup:
        html: str = env.get_template(f"web/catalog/product_{name}.html").render(context)
        return Markup(html)  # noqa: S704 - escaped by the template

    return ProductParts(part("gallery"), part("facts"), part("details"))


def charts(light: ProductView) -> dict[str, Any]:
    """Return the charts for which the product has numbers."""
    spec = light.spec
    beam_chart = None
    if spec and spec.intensity_cd and spec.output_lm:
        beam_chart = beam.chart(spec.intensity_cd, float(spec.output_lm))
    runs = [
        runtime.Run(
            name=translated_plain(mode.name, "mode"),
            output_lm=float(mode.output_lm),
            runtime_min=mode.runtime_min,
        )
        for mode in light.modes
        if mode.output_lm and mode.runtime_min and mode.kind not in BLINKING
    ]
    if not runs and spec and spec.output_lm and spec.runtime_high_min:
        runs = [
            runtime.Run(name="", output_lm=float(spec.output_lm), runtime_min=spec.runtime_high_min)
        ]
    return {
        "beam_picture": beam_chart,
        "levels": _levels(spec.intensity_cd, beam_chart) if spec and spec.intensity_cd else [],
        "run_picture": runtime.run_chart(runs),
        "runs": runs,
        "shape": _shape(spec.intensity_cd, spec.output_lm) if spec else "",
    }


def _levels(intensity_cd: int, chart: beam.Chart | None) -> list[tuple[float, int]]:
    """Return (lux, meters) pairs: the reach of the beam at each brightness, dimmest first."""
    if chart is None:
        return []
    reaches = {contour.lux: contour.reach_m for contour in chart.contours}
    return sorted((reaches | {USEFUL_LX: beam.reach_m(intensity_cd, USEFUL_LX)}).items())


def _has_battery(light: ProductView, chosen: VariantView) -> bool | None:
    """Return whether a battery is included, by the spec, else by the variants."""
    stated = light.spec.battery_included if light.spec else None
    if stated is not None:
        return stated
    if chosen.cell_count or chosen.lithium != "none":
        return True
    return False if any(other.cell_count for other in light.variants) else None


def _shape(intensity_cd: int | None, output_lm: int | None) -> str:
    """Return the beam's shape: "wide" below 8 candela per lumen, "far" above 30."""
    if not intensity_cd or not output_lm:
        return ""
    ratio = Decimal(intensity_cd) / Decimal(output_lm)
    if ratio < 8:  # noqa: PLR2004
        return "wide"
    return "far" if ratio > 30 else "balanced"  # noqa: PLR2004
