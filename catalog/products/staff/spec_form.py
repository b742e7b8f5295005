"""Specification form: enter typed values with their units, checked for plausibility."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils import formats, timezone
from django.utils.html import escape
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminNullBooleanSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.attributes import plausibility
from catalog.attributes.batteries import BUILT_IN, CELL_LIMITS, LITHIUM_CHEMISTRIES
from catalog.attributes.findings import RANGES, Finding, find_new
from catalog.attributes.spec_patterns import CHARGING, COLORS, FEATURES
from catalog.attributes.units import parse_ip_rating
from catalog.custom_attributes.registry import CUSTOM, Definition, in_language
from catalog.custom_attributes.values import MAX_TEXT, of_kind
from catalog.models import Mode, Spec
from catalog.models.attributes import DERIVED_COLUMN, EDITABLE_COLUMNS, MEASURED_COLUMNS
from catalog.products.spec_edits import (
    BASIS,
    CAN_BE_UNLIKELY,
    MAX_REASON,
    MODE_COLUMNS,
    MODES,
    POWER,
    REASON,
    find_implausible,
    stated_modes,
    values_of,
)
from catalog.texts.code_labels import code_label
from storefront.lib.staff.columns import field_label
from storefront.lib.staff.form_fields import send_shown_values

CODES: Mapping[str, Iterable[str]] = {
    "power_sources": (BUILT_IN, "replaceable_cell", "solar", "crank", "mains"),
    "charging": [code for code, _pattern in CHARGING],
    "features": [code for code, _pattern in FEATURES],
    "light_colors": [color.replace(" ", "_") for color in COLORS],
    "battery_format": (*CELL_LIMITS, BUILT_IN),
    "battery_chemistry": (*sorted(LITHIUM_CHEMISTRIES), "nimh", "alkaline", "zinc_carbon"),
}
MODE_KINDS = ("white", "red", "green", "blue", "uv", "strobe", "flash", "flame", "sos", "beacon")
MAX_DIGITS = 30  # of a custom number
CAN_BE_UNLIKELY_IN_FORM = tuple(column for column in CAN_BE_UNLIKELY if column != MODES)
UNNAMED = "***"  # a supplier, for staff without the permission to see costs
LISTS = ("power_sources", "charging", "features", "light_colors")


def names_suppliers(spec: Spec) -> bool:
    """Return whether the user may see suppliers; the admin of the product notes it on the row."""
    return getattr(spec, "names_suppliers", True)


def describe_source(source: Mapping[str, Any], *, names_supplier: bool = True) -> str:
    """Return who states a value: staff with the date, or the supplier with its own text."""
    if not names_supplier:
        feed = source.get("feed") or {}
        source = {**source, "supplier": UNNAMED, "feed": feed and {**feed, "supplier": UNNAMED}}
    if "actor" not in source:
        return _stated_by(source)
    at = timezone.localtime(datetime.fromisoformat(source["at"]))
    edited = _("Edited by staff: %(actor)s, %(date)s.") % {
        "actor": source["actor"],
        "date": formats.date_format(at, "DATE_FORMAT"),
    }
    return " ".join(filter(None, [edited, _stated_by(source.get("feed") or {})]))


def _stated_by(source: Mapping[str, Any]) -> str:
    if not source:
        return ""
    values = {name: source.get(name, "") for name in ("supplier", "label", "raw", "run")}
    stated = _("Supplier %(supplier)s states: %(label)s: %(raw)s") % values
    if "on" not in source:
        return stated
    values["date"] = formats.date_format(date.fromisoformat(source["on"]), "DATE_FORMAT")
    first = _("first in sync run %(run)s, %(date)s") if values["run"] else _("first on %(date)s")
    return f"{stated} ({first % values})"


def check_ip_rating(text: str) -> str:
    """Return the IP code in a text. Raises ValidationError: it has none."""
    rating = parse_ip_rating(text)
    if text and not rating:
        raise forms.ValidationError(_("Enter an IP code such as IPX4 or IP68."))
    return rating


class SpecForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """The specification of a product. An impossible value is rejected."""

    definitions: ClassVar[Sequence[Definition]] = ()  # the custom attributes of the product

    battery_included = forms.NullBooleanField(
        required=False, widget=UnfoldAdminNullBooleanSelectWidget
    )

    class Meta:
        model = Spec
        fields = EDITABLE_COLUMNS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            if name.startswith(BASIS):
                self.initial[name] = self.instance.basis_of(name.removeprefix(BASIS))
        for definition in self.definitions:
            value = of_kind(self.instance.custom_values.get(definition.code), definition)
            self.initial[f"{CUSTOM}{definition.code}"] = value
        for name, codes in CODES.items():
            if name in self.fields:
                self.fields[name] = self._choice_field(name, codes)
        for name, source in self.instance.sources.items():
            if name in self.fields:
                self.fields[name].help_text = escape(
                    describe_source(source, names_supplier=names_suppliers(self.instance))
                )
        send_shown_values(self)

    def _choice_field(self, name: str, codes: Iterable[str]) -> forms.Field:
        """Offer the known codes, and those that the product has already."""
        present = getattr(self.instance, name)
        known = dict.fromkeys([*codes, *(present if name in LISTS else filter(None, [present]))])
        choices = [(code, code_label(name, code)) for code in known]
        label = self.fields[name].label
        if name in LISTS:
            return forms.MultipleChoiceField(
                choices=choices, label=label, required=False, widget=forms.CheckboxSelectMultiple
            )
        return forms.ChoiceField(
            choices=[("", "---------"), *choices],
            label=label,
            required=False,
            widget=UnfoldAdminSelectWidget,
        )

    def clean_ip_rating(self) -> str:
        return check_ip_rating(self.cleaned_data["ip_rating"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        changed = {name: cleaned[name] for name in self.changed_data if name in cleaned}
        values = values_of(self.instance) | changed
        modes = stated_modes(self.instance.product) if self.instance.product_id else ()
        inputs = self.instance.check_inputs
        found = find_implausible(values, inputs=inputs, modes=modes) if self.changed_data else ()
        for finding in found:
            name = finding.column
            if finding.is_error and name in self.fields:
                self.add_error(name, self._explain(name, finding))
        before = find_implausible(values_of(self.instance), inputs=inputs, modes=modes)
        new = find_new(found, before=before, changed=changed)
        self.unlikely = {finding.column: finding.message for finding in new if not finding.is_error}
        for column, message in self.unlikely.items():
            name = f"{REASON}{column}"
            if name in self.fields and not cleaned.get(name):
                self.add_error(name, describe_unexplained(message))
        return cleaned

    def reasons(self) -> dict[str, str]:
        """Return the entered reasons by column."""
        entered = {
            name: self.cleaned_data.get(f"{REASON}{name}", "") for name in CAN_BE_UNLIKELY_IN_FORM
        }
        return {name: reason for name, reason in entered.items() if reason}

    def changes(self) -> dict[str, Any]:
        """Return the changed values, each with the basis that the form shows."""
        changed = (name for name in self.changed_data if not name.startswith(REASON))
        entered = {name: self.cleaned_data[name] for name in changed}
        changes = {
            name: value for name, value in entered.items() if value or not name.startswith(BASIS)
        }
        bases = {f"{BASIS}{name}" for name in changes} & self.cleaned_data.keys()
        return {**changes, **{name: self.cleaned_data[name] for name in bases}}

    def _explain(self, name: str, finding: Finding) -> str:
        if finding.code != "out-of-range":
            return _("Not possible: %(finding)s.") % {"finding": finding.message}
        least, most = RANGES[name]
        return _("Enter a value from %(least)s to %(most)s, in the unit of the label.") % {
            "least": least,
            "most": most,
        }


def describe_unexplained(finding: str) -> str:
    message = _("Unlikely: %(finding)s. Correct the value or enter why it is right.")
    return message % {"finding": finding}


def finding_label(column: str) -> str:
    """Return the label of what a finding is about."""
    if column == MODES:
        return _("Modes")
    return _("LED power, W") if column == POWER else str(field_label(Spec, column))


def reason_field(label: Any) -> forms.CharField:
    return forms.CharField(
        max_length=MAX_REASON, required=False, label=label, widget=UnfoldAdminTextInputWidget
    )


def reason_fields() -> dict[str, forms.Field]:
    """Return a field for the reason of each value that can be unlikely."""
    return {
        f"{REASON}{column}": reason_field(
            _("Reason if unlikely: %(field)s") % {"field": finding_label(column)}
        )
        for column in CAN_BE_UNLIKELY_IN_FORM
    }


def basis_fields(definitions: Iterable[Definition] = ()) -> dict[str, forms.Field]:
    """Return a field for the basis of each value that staff can enter and measure."""
    columns = {name: field_label(Spec, name) for name in MEASURED_COLUMNS if name != DERIVED_COLUMN}
    language = get_language() or "en"
    numbers = [one for one in definitions if one.kind == "number"]
    custom = {f"{CUSTOM}{one.code}": one.name_in(language) for one in numbers}
    return {
        f"{BASIS}{name}": forms.ChoiceField(
            choices=Spec.Basis.choices,
            label=_("Basis: %(field)s") % {"field": label},
            required=False,
            widget=UnfoldAdminSelectWidget,
        )
        for name, label in {**columns, **custom}.items()
    }


def custom_fields(definitions: Iterable[Definition]) -> dict[str, forms.Field]:
    """Return a form field for each custom attribute, named as ``edit_spec`` takes it."""
    language = get_language() or "en"
    return {
        f"{CUSTOM}{definition.code}": _custom_field(definition, language)
        for definition in definitions
    }


def _custom_field(definition: Definition, language: str) -> forms.Field:
    unit = f", {definition.unit}" if definition.unit else ""
    common: dict[str, Any] = {"label": definition.name_in(language) + unit, "required": False}
    choices = [(code, in_language(names, language) or code) for code, names in definition.choices]
    match definition.kind:
        case "number":
            message = _out_of_range(definition)
            return forms.DecimalField(
                min_value=definition.minimum,
                max_value=definition.maximum,
                max_digits=MAX_DIGITS,
                widget=UnfoldAdminDecimalFieldWidget,
                error_messages={"min_value": message, "max_value": message},
                **common,
            )
        case "yes_no":
            return forms.NullBooleanField(widget=UnfoldAdminNullBooleanSelectWidget, **common)
        case "choice":
            return forms.ChoiceField(
                choices=[("", "---------"), *choices], widget=UnfoldAdminSelectWidget, **common
            )
        case "choices":
            return forms.MultipleChoiceField(
                choices=choices, widget=forms.CheckboxSelectMultiple, **common
            )
    return forms.CharField(max_length=MAX_TEXT, widget=UnfoldAdminTextInputWidget, **common)


def _out_of_range(definition: Definition) -> str:
    least, most = (
        None if limit is None else f"{limit.normalize():f}"
        for limit in (definition.minimum, definition.maximum)
    )
    if least is None:
        return _("Enter a value up to %(most)s.") % {"most": most}
    if most is None:
        return _("Enter a value from %(least)s.") % {"least": least}
    return _("Enter a value from %(least)s to %(most)s.") % {"least": least, "most": most}


def spec_form(definitions: Sequence[Definition]) -> type[SpecForm]:
    """Return the form with the custom attributes of a product and the basis of each value."""
    members = {
        "definitions": definitions,
        **custom_fields(definitions),
        **basis_fields(definitions),
        **reason_fields(),
    }
    return type("SpecForm", (SpecForm,), members)


class ModeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """One light mode. An output that the light cannot have is rejected."""

    reason = reason_field(gettext_lazy("Reason if unlikely"))

    class Meta:
        model = Mode
        fields = MODE_COLUMNS
        widgets: ClassVar = {"kind": UnfoldAdminSelectWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            kinds = dict.fromkeys([*MODE_KINDS, self.instance.kind])
            self.fields["kind"].widget.choices = [(kind, kind) for kind in kinds]

    def clean_output_lm(self) -> Decimal | None:
        output: Decimal | None = self.cleaned_data["output_lm"]
        spec = Spec.objects.filter(product=self.instance.product_id).first()
        if output is not None and spec is not None:
            values = {**values_of(spec), "output_lm": round(output)}
            claim = plausibility.claim_with(values, spec.check_inputs)
            if not plausibility.is_possible(claim):
                message = _("This light cannot have %(output)s lm: see its battery and weight.")
                raise forms.ValidationError(message % {"output": output})
        return output
