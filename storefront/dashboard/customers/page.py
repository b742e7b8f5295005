"""Customer page: show all about one customer, add a note."""

import secrets
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from notifications import labels
from orders import admin_columns
from orders.models import CustomerNote
from orders.order_notes import customer_notes
from storefront.dashboard import staff_page
from storefront.dashboard.customers import people, sections
from storefront.dashboard.customers.people import Customer, ErasedCustomerError
from storefront.lib.staff.admin import acting
from storefront.lib.staff.pagination import page_number

VIEW, ADD_NOTE = "accounts.view_customer", "orders.add_customernote"
EXPORT, ERASE = "accounts.export_customer", "accounts.erase_customer"


class NoteForm(forms.Form):
    """Form for a note; the key prevents a second note of one form."""

    text = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=CustomerNote.MAX_CHARS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)


def for_customer(
    *rights: str,
) -> Callable[[Callable[..., HttpResponse]], Callable[[HttpRequest, str], HttpResponse]]:
    """Return a decorator: pass a view the customer of its URL, if the user has the permissions.

    A page that names a guest who has an account by now redirects to the page of the account.
    """

    def decorate(
        view: Callable[..., HttpResponse],
    ) -> Callable[[HttpRequest, str], HttpResponse]:
        @wraps(view)
        def opened(request: HttpRequest, customer: str) -> HttpResponse:
            staff_page.require(request, VIEW, "orders.view_order", *rights)
            try:
                found = people.find(customer)
            except ErasedCustomerError:
                title = _("This customer was erased")
                page = staff_page.render(request, "dashboard/customers/erased.html", title=title)
                page.status_code = HTTPStatus.GONE
                return page
            if found.key != customer and request.method != "POST":
                return HttpResponseRedirect(people.url_of(found))
            return view(request, found)

        return opened

    return decorate


@for_customer()
def show(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show orders, value, returns, messages, e-mails, consents, addresses and notes."""
    return _page(request, customer, NoteForm(initial={"key": secrets.token_hex(8)}))


@require_POST
@for_customer(ADD_NOTE)
def add_note(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Store a note; show the page again if it is empty or too long."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        page = _page(request, customer, form)
        page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return page
    customer_notes.add(
        email=customer.email,
        text=form.cleaned_data["text"],
        request_key=form.cleaned_data["key"],
        **acting(request),
    )
    messages.success(request, _("Note saved."))
    return HttpResponseRedirect(f"{people.url_of(customer)}#notes")


def _page(request: HttpRequest, customer: Customer, form: NoteForm) -> HttpResponse:
    number = page_number(request.GET.get("page", ""))
    shown = sections.load(customer, user=request.user, page=number)
    rows = [
        (order, admin_columns.payment(order), admin_columns.fulfillment(order))
        for order in shown["orders"]
    ]
    mails = shown["mails"] and [
        (mail, labels.TEMPLATE_LABELS.get(mail.template, mail.template)) for mail in shown["mails"]
    ]
    return staff_page.render(
        request,
        "dashboard/customers/customer.html",
        **{**shown, "mails": mails},
        title=customer.name,
        customer=customer,
        rows=rows,
        note_form=form,
    )
