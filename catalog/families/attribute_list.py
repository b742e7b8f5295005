"""Attribute list: read all attributes of products, built-in and custom, for staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import override

from catalog.attributes.findings import RANGES
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import CustomAttribute, Identifier, Mode, Requirement, Spec, Variant
from catalog.models.attributes import DERIVED_COLUMN, EDITABLE_COLUMNS
from catalog.models.families import family_name
from catalog.products.spec_edits import MODE_COLUMNS
from catalog.products.staff.spec_form import CODES, LISTS
from catalog.search.detail_facets import DETAIL_FACETS
from storefront.lib.staff.columns import as_number, field_label

# Column -> the facet that filters by it.
FILTERED: dict[str, str] = {
    "output_lm": "lumens",
    "beam_m": "beam",
    "runtime_high_min": "runtime",
    "runtime_max_min": "runtime",
    "weight_g": "weight",
    "power_sources": "power",
    "battery_format": "power",
    "charging": "power",
    "ip_rating": "water",
    "features": "features",
    "cri": "features",
    "color": "color",
} | {facet.column: code for code, facet in DETAIL_FACETS.items()}
SHIPPING_COLUMNS = (
    *("weight_g", "packed_weight_g", "lithium", "cell_wh", "cell_count", "hs_code"),
    *("origin_country", "color"),
)
Kind = CustomAttribute.Kind
type Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of products.

    - ``names``: language and name, in each language of the shop.
    - ``families``: names of the families that have it; empty if all have it.
    - ``required``, ``recommended``: for which families and channels; ``custom_id``: None if built in.
    """

    code: str
    part: str
    names: Names
    kind: str
    unit: str = ""
    limits: str = ""
    families: tuple[str, ...] = ()
    is_filter: bool = False
    required: tuple[str, ...] = ()
    recommended: tuple[str, ...] = ()
    custom_id: int | None = None


def list_attributes() -> list[Attribute]:
    """Return the columns of specifications, modes, variants, the identifiers, then custom ones."""
    needed = _Needed()
    return [*_built_in(needed), *_custom(needed)]


class _Needed:
    """What completeness requires and recommends, by the code of the subject."""

    def __init__(self) -> None:
        self._scopes: dict[tuple[str, bool], list[str]] = {}
        rows = Requirement.objects.select_related("channel").order_by("family", "channel", "pk")
        for row in rows:
            family = family_name(row.family) if row.family else _("All families")
            scope = f"{family}, {row.channel.code}" if row.channel else family
            self._scopes.setdefault((row.subject, row.is_required), []).append(scope)

    def of(self, subject: str) -> dict[str, Any]:
        return {
            "required": tuple(self._scopes.get((subject, True), ())),
            "recommended": tuple(self._scopes.get((subject, False), ())),
        }


def _built_in(needed: _Needed) -> Iterator[Attribute]:
    for name in (*EDITABLE_COLUMNS, DERIVED_COLUMN):
        least, most = RANGES.get(name, (None, None))
        limits = _limits(least, most)
        yield _of_column(Spec, name, _("Specification"), limits=limits, **needed.of(name))
    for name in MODE_COLUMNS:
        yield _of_column(Mode, name, _("Light modes"))
    for scheme in Identifier.Scheme:
        names = _in_each_language(scheme.label)
        more = needed.of(scheme.value)
        part, kind = _("Identifiers"), str(Kind.TEXT.label)
        yield Attribute(code=scheme.value, part=part, names=names, kind=kind, **more)
    for name in SHIPPING_COLUMNS:
        subject = "" if name == "weight_g" else name  # the requirement is on the specification
        yield _of_column(Variant, name, _("Variant and shipping"), **needed.of(subject))


def _of_column(model: type[models.Model], name: str, part: str, **more: Any) -> Attribute:
    """Describe a column; its label ends with the unit: ``Weight, g``."""
    labels = _in_each_language(field_label(model, name))
    parts = [(language, *label.rpartition(", ")) for language, label in labels]
    has_unit = all(comma for _language, _name, comma, _unit in parts)
    return Attribute(
        code=name,
        part=part,
        names=tuple((code, head) for code, head, _comma, _unit in parts) if has_unit else labels,
        kind=str(_kind_of(model, name).label),
        unit=parts[0][-1] if has_unit else "",
        is_filter=name in FILTERED and (model, name) != (Variant, "weight_g") and model is not Mode,
        **more,
    )


def _in_each_language(label: Any) -> Names:
    names = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            names.append((language, str(label)))
    return tuple(names)


def _limits(least: Decimal | None, most: Decimal | None) -> str:
    ends = ("" if end is None else as_number(end) for end in (least, most))
    return " – ".join(ends) if (least, most) != (None, None) else ""


def _kind_of(model: type[models.Model], name: str) -> Kind:
    column: Any = model._meta.get_field(name)  # noqa: SLF001 - Django's documented model API
    if isinstance(column, models.BooleanField):
        return Kind.YES_NO
    if isinstance(column, models.IntegerField | models.DecimalField):
        return Kind.NUMBER
    if model is Spec and name in LISTS:
        return Kind.CHOICES
    if (model is Spec and name in CODES) or column.choices or (model, name) == (Mode, "kind"):
        return Kind.CHOICE
    return Kind.TEXT


def _custom(needed: _Needed) -> Iterator[Attribute]:
    for row in CustomAttribute.objects.order_by("position", "code"):
        families = tuple(map(family_name, row.families))
        scopes = needed.of(f"{CUSTOM}{row.code}")
        if row.is_required:
            scopes["required"] = families or (_("All families"),)
        yield Attribute(
            code=row.code,
            part=_("Custom attributes"),
            names=tuple((code, row.names.get(code, "")) for code, _name in settings.LANGUAGES),
            kind=_("Text per language") if row.is_localized else row.get_kind_display(),
            unit=row.unit,
            limits=_limits(row.minimum, row.maximum),
            families=families,
            is_filter=bool(row.filter_display),
            custom_id=row.pk,
            **scopes,
        )
