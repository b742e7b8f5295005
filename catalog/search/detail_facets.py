"""Detail facets: define the filters that are folded on a list page. Pure.

Each is one entry of ``DETAIL_FACETS``: parameter, counts, chip, API and page follow from it. Its
labels are in ``storefront.web.core.labels``. Values come from ``ProductCard.details``. Those of custom
attributes are made by ``search.custom_facets``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

type Names = tuple[tuple[str, str], ...]  # pairs of language and name
type CustomFacets = tuple[tuple[str, "DetailFacet"], ...]  # pairs of code and facet

CUSTOM_PREFIX = "attr_"  # of the codes of custom facets, which no other facet begins with
# Candela per lumen above which a beam is balanced, and above which it reaches far.
BALANCED_CD_PER_LM, FAR_CD_PER_LM = 8, 30
# Kelvin up to which white light is warm, and up to which it is neutral.
WARM_K, NEUTRAL_K = 3_500, 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailFacet:
    """A range (without ``values``), or a choice of any of ``values``.

    Shape:  ``column`` is the column of ``Spec`` that it filters by; ``sql`` reads a number, or an
            array of values in JSON, from ``spec``, NULL if unknown; ``factor`` units of the column
            are one unit of the parameter; a custom facet has ``names``, and ``value_names`` in the
            order of ``values``
    """

    column: str
    sql: str
    values: tuple[str, ...] = ()
    unit: str = ""  # of a range, in the API
    factor: int = 1
    is_folded: bool = True  # behind "Show more filters"
    names: Names = ()
    value_names: tuple[Names, ...] = ()


def _range(column: str, unit: str, *, factor: int = 1) -> DetailFacet:
    return DetailFacet(column=column, sql=f"spec.{column}", unit=unit, factor=factor)


def _one_of(column: str, values: str, sql: str = "") -> DetailFacet:
    value = sql or f"NULLIF(spec.{column}, '')"
    return DetailFacet(
        column=column,
        sql=f"(SELECT jsonb_build_array(value) FROM (SELECT {value} AS value) AS one"  # noqa: S608 - constants
        " WHERE value IS NOT NULL)",
        values=tuple(values.split()),
    )


def _any_of(column: str, values: str) -> DetailFacet:
    return DetailFacet(
        column=column, sql=f"NULLIF(spec.{column}, '[]')", values=tuple(values.split())
    )


# Code and parameter -> facet, the most used first.
DETAIL_FACETS: Mapping[str, DetailFacet] = {
    "longest_runtime": _range("runtime_max_min", "hours", factor=60),
    "charging": _any_of("charging", "usb_c micro_usb magnetic cradle dc solar crank"),
    "battery_included": _one_of(
        "battery_included",
        "yes no",
        "CASE WHEN spec.battery_included THEN 'yes' WHEN NOT spec.battery_included THEN 'no' END",
    ),
    "beam_shape": _one_of(
        "intensity_cd",
        "wide balanced far",
        f"""CASE
            WHEN spec.intensity_cd > {FAR_CD_PER_LM} * spec.output_lm THEN 'far'
            WHEN spec.intensity_cd > {BALANCED_CD_PER_LM} * spec.output_lm THEN 'balanced'
            WHEN spec.intensity_cd <= {BALANCED_CD_PER_LM} * spec.output_lm THEN 'wide'
        END""",
    ),
    "light_color": _any_of("light_colors", "white warm_white red green blue amber uv infrared rgb"),
    "color_temperature": _one_of(
        "cct_k",
        "warm neutral cool",
        f"""CASE
            WHEN spec.cct_k <= {WARM_K} THEN 'warm' WHEN spec.cct_k <= {NEUTRAL_K} THEN 'neutral'
            WHEN spec.cct_k > {NEUTRAL_K} THEN 'cool'
        END""",
    ),
    "lowest_output": _range("output_min_lm", "lumens"),
    "length": _range("length_mm", "millimeters"),
    "head": _range("head_mm", "millimeters"),
    "impact": _range("impact_m", "meters"),
    "material": DetailFacet(
        column="material",
        # One word for each: some suppliers write aluminium, and PC for polycarbonate.
        sql="to_jsonb(string_to_array(NULLIF(regexp_replace(replace("
        "spec.material, 'aluminium', 'aluminum'), '\\mpc\\M', 'polycarbonate'), ''), ', '))",
        values=(
            *("aluminum", "abs", "polycarbonate", "nylon", "rubber", "silicone", "steel"),
            *("titanium", "copper", "brass"),
        ),
    ),
    "chemistry": _one_of("battery_chemistry", "li_ion li_po lifepo4 lithium_metal nimh alkaline"),
    "capacity": _range("battery_capacity_mah", "milliampere-hours"),
    "energy": _range("battery_energy_wh", "watt-hours"),
}
DETAIL_RANGES = tuple(code for code, facet in DETAIL_FACETS.items() if not facet.values)
DETAIL_CHOICES = tuple(code for code, facet in DETAIL_FACETS.items() if facet.values)
MAX_NUMBER = Decimal(10_000_000)  # of a range; a page cannot round one of 40 digits
# The values of the custom attributes that customers filter by. Values of another type, of a deleted
# choice or out of range are left out.
_CUSTOM_SQL = f"""
    NULLIF(jsonb_strip_nulls((
        SELECT jsonb_object_agg('{CUSTOM_PREFIX}' || attribute.code, CASE
            WHEN attribute.kind = 'number' THEN
                CASE WHEN stated #>> '{{}}' ~ '^-?[0-9]+([.][0-9]+)?$'
                    AND (stated #>> '{{}}')::numeric BETWEEN
                        COALESCE(attribute.minimum, -{MAX_NUMBER})
                        AND COALESCE(attribute.maximum, {MAX_NUMBER})
                    THEN to_jsonb((stated #>> '{{}}')::numeric) END
            WHEN attribute.kind = 'yes_no' THEN
                CASE stated WHEN 'true' THEN '["yes"]'::jsonb WHEN 'false' THEN '["no"]' END
            ELSE (
                SELECT jsonb_agg(one) FROM jsonb_array_elements(
                    CASE jsonb_typeof(stated) WHEN 'array' THEN stated
                        ELSE jsonb_build_array(stated) END
                ) AS one
                WHERE attribute.choices @> jsonb_build_array(jsonb_build_array(one))
            )
        END)
        FROM catalog_customattribute attribute
        CROSS JOIN LATERAL (SELECT spec.custom_values -> attribute.code AS stated) AS of_spec
        WHERE attribute.filter_display <> '' AND stated IS NOT NULL
          AND (attribute.families = '{{}}' OR product.family = ANY(attribute.families))
    )), '{{}}')
"""  # noqa: S608 - made of constants
CUSTOM_KEY = "custom"
# The value of ``ProductCard.details``: code -> number or array, without unknown values; those of
# custom attributes are in an object under ``CUSTOM_KEY``.
DETAILS_SQL = "jsonb_strip_nulls(jsonb_build_object({}, '{}', {}))".format(
    ", ".join(f"'{code}', {facet.sql}" for code, facet in DETAIL_FACETS.items()),
    CUSTOM_KEY,
    _CUSTOM_SQL,
)
