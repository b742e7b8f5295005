"""Account pages: list a customer's orders and payments, change name and language."""

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from notifications.deliverability import suppressions
from orders.models import CustomerInvoice, Order, Payment, PaymentEvent
from storefront.accounts import profile as account_profile
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.web.account.auth import for_customers, form_page, posted
from storefront.web.account.forms import ProfileForm
from storefront.web.core.visit import READS, visit
from storefront.web.orders.invoices import published
from storefront.web.orders.views import MOVES, headline

PAYMENTS_PER_PAGE = 50


@require_safe
@for_customers
def account(request: HttpRequest, user: User) -> HttpResponse:
    now = timezone.now()
    rows = Order.objects.of(user.pk, verified_addresses(user))
    newest_first = Prefetch("payments", Payment.objects.order_by("-pk"))
    with_pdf = Prefetch("customer_invoices", published(CustomerInvoice.objects.all()))
    orders = [
        (
            order,
            headline(
                order,
                next(iter(order.payments.all()), None),
                now,
                has_arrived=any(line.delivered_quantity for line in order.lines.all()),
            ),
        )
        for order in rows.prefetch_related("lines", newest_first, with_pdf)
    ]
    context = {"orders": orders, "unreachable": suppressions.find_unreachable(user.email)}
    return render(request, "web/account/account.html", context)


@require_safe
@for_customers
def payments(request: HttpRequest, user: User) -> HttpResponse:
    """List charges and refunds, newest first."""
    orders = Order.objects.of(user.pk, verified_addresses(user))
    moves = PaymentEvent.objects.filter(
        payment__order__in=orders.order_by().values("pk"), kind__in=MOVES
    )
    # Without payment pages that expired before any authorization: no money moved.
    moves = moves.exclude(kind=PaymentEvent.Kind.EXPIRED, payment__authorized_amount=0)
    events = moves.select_related("payment__order").order_by("-occurred_at", "-pk")
    page = Paginator(events, PAYMENTS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(event, event.payment.order, MOVES[PaymentEvent.Kind(event.kind)]) for event in page]
    return render(request, "web/account/paid.html", {"rows": rows, "page": page})


@require_http_methods(READS)
@for_customers
def profile(request: HttpRequest, user: User) -> HttpResponse:
    """Edit name and mail language."""
    known = {
        "name": user.name,
        "language": user.language or visit(request).language,
    }
    form = ProfileForm(posted(request), initial=known)
    if request.method == "POST" and form.is_valid():
        submitted = form.cleaned_data
        account_profile.set_name_and_language(
            user=user, name=submitted["name"], language=submitted["language"]
        )
        return redirect(reverse("account_profile", query={"kept": 1}))
    is_kept = "kept" in request.GET
    unreachable = suppressions.find_unreachable(user.email)
    return form_page(
        request, "web/account/profile.html", form, user=user, kept=is_kept, unreachable=unreachable
    )
