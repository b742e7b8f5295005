"""Custom facets: make a filter of each custom attribute that staff marked."""

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from catalog.models import CustomAttribute
from catalog.search.detail_facets import CUSTOM_PREFIX, CustomFacets, DetailFacet

YES_NO = ("yes", "no")


def custom_facets() -> CustomFacets:
    """Return the facets in the order of staff, at most ten seconds old."""
    return tuple(
        (f"{CUSTOM_PREFIX}{one.code}", _facet(one))
        for one in registry.cached()
        if one.filter_display
    )


def _facet(definition: Definition) -> DetailFacet:
    choices = dict(definition.choices)
    is_yes_no = definition.kind == CustomAttribute.Kind.YES_NO
    return DetailFacet(
        column=definition.code,
        sql="",
        values=YES_NO if is_yes_no else tuple(choices),
        value_names=tuple(choices.values()),
        names=definition.names,
        unit=definition.unit,
        is_folded=definition.filter_display == CustomAttribute.FilterDisplay.FOLDED,
    )
