"""Product page parts: render what depends on neither price nor stock, keep it with the product.

Pictures, facts, charts, description and specifications are most of a product page, and change only
with the product. A process keeps those of the last variant as long as the rows of the product.
"""

from decimal import Decimal
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
from storefront.web.catalog.spec_table import spec_table
from storefront.web.catalog.supplier_text import translated_plain
from storefront.web.charts import beam, runtime

USEFUL_LX = 5.0  # enough light to walk on a path
BLINKING = frozenset({"strobe", "sos", "beacon"})


class ProductParts(NamedTuple):
    """Parts of a product page as HTML."""

    gallery: Markup
    facts: Markup
    details: Markup


def product_parts(light: ProductView, chosen: VariantView, language: str) -> ProductParts:
    """Return the parts of a product page in the active language."""
    kind, has_battery = cached_families().kind_of(light.family), _has_battery(light, chosen)
    custom = registry.cached()
    inputs = (chosen.id, kind, has_battery, custom, options.cached())
    key = ("parts", language)  # of one variant: a product of 50 variants must not fill the memory
    kept: tuple[object, ProductParts] | None = light.memo.get(key)
    # not with DEBUG, so that edits of the template show
    if kept and kept[0] == inputs and not settings.DEBUG:
        return kept[1]
    parts = _render(
        light, chosen, language=language, kind=kind, has_battery=has_battery, custom=custom
    )
    light.memo[key] = inputs, parts
    return parts


def _render(  # noqa: PLR0913 - all that the parts show
    light: ProductView,
    chosen: VariantView,
    *,
    language: str,
    kind: str,
    has_battery: bool | None,
    custom: tuple[Definition, ...],
) -> ProductParts:
    context = {
        "light": light,
        "spec": light.spec,
        "chosen": chosen,
        "pictures": light.pictures_of(chosen),
        "has_battery": has_battery,
        "warnings": safety_warnings(
            light.safety_warnings,
            language=language,
            family_kind=kind,
            lithium=chosen.lithium,
            chemistry=light.spec.battery_chemistry if light.spec else "",
        ),
        "sheet": spec_table(light, chosen, language, custom),
        "language": language,
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
