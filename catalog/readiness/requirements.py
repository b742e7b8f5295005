"""Requirements of a new shop: what products need to be complete, for each family.

Staff change them on the page "Completeness requirements". The codes are those of
``readiness.subjects``.
"""

from collections.abc import Iterator

from catalog.attributes.families import LIGHTS

_REQUIRED_OF_LIGHTS = (
    "output_lm runtime_max_min power_sources battery_format battery_count battery_included"
    " battery_chemistry charging light_colors material"
)
_RECOMMENDED_OF_LIGHTS = (
    "output_min_lm runtime_high_min impact_m cct_k cri features battery_capacity_mah"
    " battery_voltage"
)
# (family, "" for all; required codes; recommended codes)
_BUILT_IN = (
    (
        "",
        "brand mpn description image weight_g hs_code manufacturer responsible_person",
        "gtin large_image packed_weight_g",
    ),
    *((family, _REQUIRED_OF_LIGHTS, _RECOMMENDED_OF_LIGHTS) for family in sorted(LIGHTS)),
    ("flashlight", "intensity_cd ip_rating length_mm", "head_mm"),
    ("headlamp", "ip_rating", "intensity_cd length_mm"),
    ("lantern", "ip_rating length_mm", ""),
    ("work_light", "length_mm", "ip_rating intensity_cd"),
    ("bike_light", "intensity_cd ip_rating", "length_mm"),
    ("battery", "battery_capacity_mah battery_voltage battery_chemistry length_mm", ""),
)


def built_in_requirements() -> Iterator[tuple[str, str, bool]]:
    """Yield family, code and whether it is required."""
    for family, required, recommended in _BUILT_IN:
        yield from ((family, code, True) for code in required.split())
        yield from ((family, code, False) for code in recommended.split())
