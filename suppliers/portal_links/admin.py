"""Portal link admin: create, rotate and revoke a supplier's link, show its history."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.accounts import security_log
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.form_fields import use_staff_widgets
from storefront.lib.staff.inlines import inline
from suppliers.models import PortalLink, Supplier
from suppliers.portal_links import links

register_read_only(
    PortalLink,
    list_display=[
        columns.link("supplier", _("Supplier")),
        "created_by",
        columns.age("created_at", _("Created")),
        columns.age("expires_at", _("Expires")),
        "sent_to",
        columns.age("last_used_at", _("Last used")),
        columns.age("ended_at", _("Ended")),
        "ended_by",
    ],
    list_display_links=["created_by"],
    list_select_related=["supplier"],
    list_filter=["supplier"],
    exclude=["key_encrypted"],
)
HISTORY = inline(
    PortalLink,
    "created_at",
    "created_by",
    "sent_to",
    "expires_at",
    "last_used_at",
    "ended_at",
    "ended_by",
    tab=False,
    ordering=["-id"],
)


class PortalLinkForm(forms.Form):
    """Where the link goes. ``former`` tells a repeated submission from a new one."""

    former = forms.IntegerField(required=False, widget=forms.HiddenInput)
    email = forms.EmailField(
        label=_("Send to"),
        required=False,
        help_text=_("Leave empty to see the link once and pass it on yourself."),
    )


class RevokeForm(forms.Form):
    """The link to revoke."""

    former = forms.IntegerField(widget=forms.HiddenInput)


def _current_id(supplier: Supplier) -> int | None:
    current = links.current_link(supplier)
    return current.pk if current else None


class PortalLinkActions(StaffAdmin):
    """Actions of the supplier page for the link to all orders."""

    portal_actions: ClassVar = ["create_portal_link", "revoke_portal_link"]
    user_errors: ClassVar[Errors] = (links.PortalLinkChangedError,)
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "revoke_portal_link": lambda supplier: links.current_link(supplier) is not None,
    }

    @action(description=_("Create supplier portal link"), icon="link")
    def create_portal_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Create the link; the former one stops working. The answer shows it once, or it is mailed."""
        supplier = self.row(request, object_id)
        form = PortalLinkForm(
            request.POST if request.method == "POST" else None,
            initial={"former": _current_id(supplier), "email": links.contact_email(supplier)},
        )
        use_staff_widgets(form)
        title = gettext("Create supplier portal link")
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                url = links.create_link(
                    supplier=supplier,
                    former_id=form.cleaned_data["former"],
                    email=email,
                    **acting(request),
                )
            except links.PortalLinkChangedError as error:
                form.add_error(None, str(error))
            else:
                self._log_link(request, supplier, gettext("Supplier portal link created"))
                if email:
                    message = gettext("The link is being e-mailed to %(email)s.") % {"email": email}
                    self.message_user(request, message)
                    return HttpResponseRedirect(self.page_of(supplier))
                return self.render_page(
                    request, "suppliers/portal_link.html", supplier, title=title, url=url
                )
        explain = gettext(
            "The link opens all orders of %(name)s without an account. A former link stops working."
            " Orders that were e-mailed keep their own links."
        )
        return self.render_page(
            request,
            "staff/confirm_action.html",
            supplier,
            title=title,
            form=form,
            explain=explain % {"name": supplier.name},
        )

    @confirmed_action(
        description=_("Revoke supplier portal link"),
        icon="link_off",
        explain=_(
            "The link to all orders stops working at once. Orders that were e-mailed keep their own"
            " links."
        ),
        form_class=RevokeForm,
        initial=lambda supplier: {"former": _current_id(supplier)},
        done=_("Revoked."),
    )
    def revoke_portal_link(self, request: HttpRequest, supplier: Supplier, data: FormData) -> None:
        links.revoke_link(supplier=supplier, link_id=data["former"], **acting(request))
        self._log_link(request, supplier, gettext("Supplier portal link revoked"))

    def _log_link(self, request: HttpRequest, supplier: Supplier, message: str) -> None:
        self.log_change(request, supplier, message)
        security_log.record(
            security_log.Event.SUPPLIER_LINK,
            actor=request.user,
            supplier=supplier.code,
            change=message,
        )
