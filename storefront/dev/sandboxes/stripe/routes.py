"""Stripe sandbox routes: map each call to its handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from storefront.dev.sandboxes.stripe import api, control, pages
from storefront.dev.sandboxes.stripe.api import Sandbox
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.server.faults import Faults, Kind
from storefront.dev.sandboxes.stripe.server.http_server import find, routed
from storefront.dev.sandboxes.stripe.server.messages import Answer, Call, RefusedError, as_refusal

ID = r"/([\w-]{1,80})"


ROUTES = routed(
    ("GET", "/", pages.front),
    ("GET", "/style.css", pages.style),
    ("GET", f"/pay{ID}", pages.show),
    ("POST", f"/pay{ID}", pages.submit),
    ("POST", "/v1/checkout/sessions", api.create_session),
    ("GET", "/v1/checkout/sessions", api.listing("checkout.session")),
    ("GET", f"/v1/checkout/sessions{ID}", api.reading("checkout.session")),
    ("POST", f"/v1/checkout/sessions{ID}/expire", api.expire_session),
    ("GET", "/v1/payment_intents", api.listing("payment_intent")),
    ("GET", f"/v1/payment_intents{ID}", api.reading("payment_intent")),
    ("POST", f"/v1/payment_intents{ID}/capture", api.capture),
    ("POST", f"/v1/payment_intents{ID}/cancel", api.cancel),
    ("POST", "/v1/refunds", api.refund),
    ("GET", "/v1/refunds", api.listing("refund")),
    ("GET", "/v1/balance_transactions", api.listing("balance_transaction")),
    ("GET", "/v1/disputes", api.listing("dispute")),
    ("GET", "/v1/radar/early_fraud_warnings", api.listing("radar.early_fraud_warning")),
    ("GET", "/control/objects", control.objects),
    ("GET", "/control/events", control.events),
    ("GET", "/control/deliveries", control.deliveries),
    ("GET", "/control/faults", control.list_faults),
    ("POST", "/control/faults", control.add_fault),
    ("DELETE", "/control/faults", control.clear_faults),
    ("GET", "/control/webhooks", control.show_mode),
    ("POST", "/control/webhooks", control.set_mode),
    ("POST", "/control/account", control.account),
    ("POST", "/control/(expire|dispute|warn|review|refund)", control.happen),
    ("POST", "/control/replay", control.replay),
    ("POST", "/control/forget", control.forget),
    ("POST", "/control/age", control.age),
    ("POST", "/control/reset", control.reset),
)
BROKEN = {
    Kind.ERROR: api.as_json(
        {"error": {"type": "api_error", "message": "Try again."}},
        HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    Kind.BUSY: api.as_json(
        {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Slow down."}},
        HTTPStatus.TOO_MANY_REQUESTS,
    ),
    Kind.GARBAGE: Answer(body="<html><h1>Welcome", content_type="text/html"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeApp:
    """The stand-in's HTTP interface."""

    sandbox: Sandbox

    @property
    def faults(self) -> Faults:
        return self.sandbox.faults

    @property
    def broken(self) -> Mapping[Kind, Answer]:
        return BROKEN

    def refused(self, error: RefusedError) -> Answer:
        return api.as_error(StripeError(str(error), status=error.status))

    def answer(self, call: Call) -> Answer:
        handler, arguments, status = find(ROUTES, call)
        try:
            if handler is None:
                if call.path.startswith("/pay/") and call.method == "GET":
                    return pages.unknown(self.sandbox)
                raise StripeError(f"Unrecognized request URL ({call.path})", status=status)  # noqa: TRY301 - one handler of errors
            if call.path.startswith("/v1/"):
                api.check(self.sandbox, call)
            return handler(self.sandbox, replace(call, arguments=arguments))
        except StripeError as error:
            return api.as_error(error)
        except RefusedError as error:  # of a control call
            return as_refusal(error)
