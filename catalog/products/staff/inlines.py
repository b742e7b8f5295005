"""Product page tabs: edit the specification and the light modes of a product."""

from django.utils.translation import gettext_lazy as _

from catalog.models import Mode, Spec
from catalog.products.staff.spec_form import ModeForm, SpecForm
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import EditableForm, EditableTable


class SpecInline(EditableForm):
    model = Spec
    form = SpecForm
    extra = 1
    can_delete = False
    fieldsets = (
        section(None, "basis"),
        section(
            _("Light"),
            *("output_lm", "output_min_lm", "intensity_cd", "cct_k", "cri", "light_colors"),
        ),
        section(
            _("Power"),
            *("runtime_high_min", "runtime_max_min", "power_sources", "charging"),
            *("battery_format", "battery_count", "battery_included", "battery_chemistry"),
            *("battery_capacity_mah", "battery_voltage", "battery_energy_wh"),
        ),
        section(
            _("Body"),
            *("weight_g", "length_mm", "head_mm", "ip_rating", "impact_m", "material", "features"),
        ),
    )


class ModeInline(EditableTable):
    model = Mode
    form = ModeForm
    ordering = ("position",)
