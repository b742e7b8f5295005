"""Brand merge page: choose the brand that remains, undo earlier merges."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from catalog.brands import aliases
from catalog.brands.tasks import reindex_brand
from catalog.models import Brand
from storefront.dashboard import staff_page
from storefront.lib.staff.admin import acting
from storefront.lib.staff.form_fields import use_staff_widgets
from storefront.lib.tasks import enqueue
from suppliers.inventory import tasks
from suppliers.matches import brand_merges
from suppliers.models import BrandMerge
from suppliers.offers.overrides import OverrideError

CHANGE = "catalog.change_brand"


class MergeForm(forms.Form):
    """The brand that remains, by its name or an alias."""

    into = forms.CharField(label=_("Brand that remains"), max_length=80)

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._brand = brand
        use_staff_widgets(self)

    def clean_into(self) -> Brand:
        found = aliases.find_owner(self.cleaned_data["into"], besides=self._brand)
        if found is None:
            raise forms.ValidationError(gettext("No other brand has this name."))
        return found


@require_http_methods(staff_page.FORM_METHODS)
def merge(request: HttpRequest, brand_id: int) -> HttpResponse:
    staff_page.require(request, CHANGE)
    brand = get_object_or_404(Brand, pk=brand_id, merged_into=None)
    form = MergeForm(request.POST or None, brand=brand)
    if form.is_valid():
        into = form.cleaned_data["into"]
        try:
            brand_merges.merge_brands(brand=into, other=brand, **acting(request))
        except OverrideError as refusal:
            form.add_error(None, str(refusal))
        else:
            _publish(into)
            text = gettext("%(merged)s is merged into %(kept)s.")
            messages.success(request, text % {"merged": brand.name, "kept": into.name})
            return HttpResponseRedirect(reverse("admin:catalog_brand_change", args=[into.pk]))
    return staff_page.render(
        request,
        "dashboard/suppliers/brand_merge.html",
        title=gettext("Merge into another brand"),
        form=form,
        brand=brand,
        count=brand.products.count(),
        merges=BrandMerge.objects.filter(brand=brand).select_related("other").order_by("-pk"),
        back=reverse("admin:catalog_brand_change", args=[brand.pk]),
    )


@require_POST
def undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    staff_page.require(request, CHANGE)
    decision = get_object_or_404(BrandMerge.objects.select_related("brand", "other"), pk=merge_id)
    try:
        brand_merges.undo_merge(decision=decision, **acting(request))
    except OverrideError as refusal:
        messages.warning(request, str(refusal))
    else:
        _publish(decision.brand)
        messages.success(request, gettext("The merge is undone."))
    return HttpResponseRedirect(reverse("supply:merge_brand", args=[decision.brand_id]))


def _publish(brand: Brand) -> None:
    enqueue(tasks.publish_pending)
    enqueue(reindex_brand, brand_id=brand.pk)
