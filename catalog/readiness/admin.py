"""Readiness admin: edit the completeness requirements of families and channels."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from catalog.models import Completeness, Requirement, StaleCompleteness
from catalog.models.families import family_name
from catalog.readiness import subjects
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.staff.fieldsets import Group


class RequirementForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    subject = forms.ChoiceField(choices=subjects.choices)

    class Meta:
        model = Requirement
        fields = ("family", "channel", "subject", "is_required")


@admin.display(description=_("Family"), ordering="family")
def family(requirement: Requirement) -> str:
    return family_name(requirement.family) if requirement.family else str(_("All families"))


@admin.display(description=_("Needs"), ordering="subject")
def subject(requirement: Requirement) -> str:
    return subjects.label_of_subject(requirement.subject)


@admin.register(Requirement)
class RequirementAdmin(StaffAdmin):
    form = RequirementForm
    editable = RequirementForm.Meta.fields
    may_add = may_delete = True
    groups = (Group(_("Completeness requirements"), RequirementForm.Meta.fields),)
    list_display: ClassVar[list[Any]] = [subject, family, "channel", "is_required"]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["family", "channel", "is_required"]
    ordering: ClassVar = ["family", "subject"]


register_read_only(
    Completeness,
    list_display=[
        columns.link("product", _("Product")),
        columns.text("channel__name", _("Channel")),
        "language",
        "percent",
        columns.text("missing", _("Missing")),
    ],
    list_select_related=["product", "channel"],
    list_filter=["channel", "language", "lacks_required"],
    ordering=["-id"],
)


register_read_only(StaleCompleteness, list_display=["__str__"], ordering=["-id"])
