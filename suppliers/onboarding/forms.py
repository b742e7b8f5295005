"""Onboarding forms: the supplier, its connection by kind, a shipping service, a document."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from storefront.lib.staff.form_fields import CountryField, CurrencyField, use_staff_widgets
from suppliers.compliance import vetting
from suppliers.compliance.forms import ComplianceDocumentForm
from suppliers.connections import file_sources
from suppliers.connections.forms import OPTION_PREFIX, ConnectionForm
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.models import Connection, ShippingService, Supplier
from suppliers.shipping_services.admin import ShippingServiceForm

# How staff choose the connector and the file transfer in one field: kind -> fields of step 2.
FILE_KINDS: dict[str, tuple[str, ...]] = {
    "https": (
        *("base_url", "option_products_at", "option_prices_at", "option_stock_at"),
        *("secret_user", "secret_password", "secret_token"),
        *("option_orders_to", "option_questions_to"),
    ),
    "sftp": (
        *("base_url", "option_products_at", "option_prices_at", "option_stock_at"),
        *("secret_user", "secret_password", "secret_private_key", "option_host_key"),
        *("option_orders_by", "option_orders_to", "option_questions_to"),
    ),
    "upload": ("option_orders_to", "option_questions_to"),
}
FILE_LABELS = {
    "https": _("File from a web server"),
    "sftp": _("File from an SFTP server"),
    "upload": _("File that staff upload"),
}
KIND_PREFIX = f"{file_sources.FEED}:"


def kind_choices() -> list[tuple[str, Any]]:
    connectors = [
        (name, gettext("API: %(name)s") % {"name": getattr(connector_class(name), "TITLE", name)})
        for name in CONNECTORS
        if name != file_sources.FEED
    ]
    files = [(f"{KIND_PREFIX}{via}", label) for via, label in FILE_LABELS.items()]
    return [("", gettext("Choose a kind")), *files, *connectors]


def kind_of(supplier: Supplier, connection: Connection | None) -> str:
    if supplier.adapter != file_sources.FEED:
        return supplier.adapter
    via = connection.options.get("via", "https") if connection else "https"
    return f"{KIND_PREFIX}{via}"


class BasicsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    kind = forms.ChoiceField(
        label=_("Kind of connection"),
        help_text=_("How its products, prices and stock reach the shop."),
    )
    country = CountryField(
        label=_("Country of its warehouse"),
        required=False,
        help_text=_("Required for files; an API reports its warehouses."),
    )
    currency = CurrencyField(
        label=_("Cost currency"),
        help_text=_("The currency of its prices. Cannot be changed later."),
    )

    class Meta:
        model = Supplier
        fields: ClassVar = ["name", "code", "currency", "language"]
        error_messages: ClassVar = {
            "code": {"invalid": _("Use only letters without accents, digits and hyphens.")}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = kind_choices()
        if self.instance.pk:
            self.fields["code"].disabled = True
        self.order_fields(["name", "code", "kind", "country", "currency", "language"])
        use_staff_widgets(self)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        is_file = str(values.get("kind", "")).startswith(KIND_PREFIX)
        if is_file and values.get("country") == "":
            self.add_error("country", gettext("Enter the country the goods ship from."))
        return values

    @property
    def connector(self) -> str:
        return str(self.cleaned_data["kind"]).partition(":")[0]

    @property
    def options(self) -> dict[str, str]:
        via = str(self.cleaned_data["kind"]).partition(":")[2]
        return {"via": via} if via else {}

    @property
    def location_country(self) -> str:
        """The country of the default warehouse; empty for an API, which reports its warehouses."""
        is_file = str(self.cleaned_data["kind"]).startswith(KIND_PREFIX)
        return str(self.cleaned_data["country"]) if is_file else ""


class ConnectionStepForm(ConnectionForm):
    """The fields that the kind of connection needs. Options without a field keep their values."""

    class Meta:
        model = Connection
        fields: ClassVar = ["base_url", "calls_per_second"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        via = kind_of(self.instance.supplier, self.instance).removeprefix(KIND_PREFIX)
        if self.connector == file_sources.FEED:
            shown = FILE_KINDS[via]
            self.fields = {name: self.fields[name] for name in shown}
            self.fields["option_orders_to"].required = True
        if "base_url" in self.fields:
            self.fields["base_url"].required = True
        for field in self.fields.values():
            if isinstance(field.widget, UnfoldAdminPasswordWidget):
                # After an error elsewhere, a typed secret is shown again to the same person.
                field.widget.render_value = True
        use_staff_widgets(self)

    def read_options(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        options = super().read_options(cleaned)
        if self.connector != file_sources.FEED:
            return options
        return {name: value for name, value in options.items() if self._has_field(name)}

    def _has_field(self, option: str) -> bool:
        return f"{OPTION_PREFIX}{option}" in self.fields

    def clean_option_orders_to(self) -> str:
        recipient = str(self.cleaned_data["option_orders_to"]).strip()
        if self.data.get("option_orders_by") != "sftp":
            try:
                validate_email(recipient)
            except forms.ValidationError as error:
                message = gettext("Enter an e-mail address, such as orders@example.com.")
                raise forms.ValidationError(message) from error
        return recipient


class ServiceStepForm(ShippingServiceForm):
    class Meta:
        model = ShippingService
        fields: ClassVar = [
            *("location", "code", "carrier_service", "tier", "countries", "currency"),
            *("base_amount", "per_kg_amount", "min_days", "max_days", "max_weight_g"),
            *("accepts_cells_in_equipment", "accepts_cells_with_equipment", "accepts_cells_alone"),
        ]

    tier = forms.ChoiceField(
        label=_("Delivery method"),
        choices=[("economy", _("Economy")), ("express", _("Express"))],
    )

    def __init__(self, *args: Any, supplier: Supplier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = ShippingService.objects.filter(is_active=True).values("location")
        location: Any = self.fields["location"]
        location.queryset = supplier.locations.select_related("supplier").order_by("pk")
        location.empty_label = None
        self.initial.setdefault(
            "location", supplier.locations.exclude(pk__in=served).order_by("pk").first()
        )
        self.initial.setdefault("currency", supplier.currency)
        self.initial.setdefault("per_kg_amount", 0)
        use_staff_widgets(self)


class DocumentStepForm(ComplianceDocumentForm):
    class Meta:
        model = ComplianceDocumentForm.Meta.model
        fields: ClassVar = [
            *("criterion", "kind", "issuer", "reference", "valid_from", "valid_until", "note"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("valid_from", "valid_until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
        use_staff_widgets(self)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        needs_file = values.get("kind") in vetting.KINDS_WITH_FILE  # the next step verifies it
        if needs_file and values.get("document") is None and "document" not in self.errors:
            self.add_error("document", gettext("Choose a file."))
        return {"brand": None, "product": None, **values}
