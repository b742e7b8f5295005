"""Server of the local Stripe sandbox: map each call to its handler, inject faults."""

import re
import time
from http import HTTPStatus

from storefront.dev.sandboxes.core.faults import Fault
from storefront.dev.sandboxes.core.http_server import CONTROL, Listener, Reply, Request
from storefront.dev.sandboxes.stripe import api, control, pages, parameters
from storefront.dev.sandboxes.stripe.api import Call, Sandbox, Work
from storefront.dev.sandboxes.stripe.faults import BEFORE, INSIDE, Kind
from storefront.dev.sandboxes.stripe.form_encoding import StripeError

ID = r"/([\w-]{1,80})"
ROUTES: tuple[tuple[str, str, Work], ...] = (
    ("GET", "/", pages.front),
    ("GET", "/style.css", pages.style),
    ("GET", f"/pay{ID}", pages.show),
    ("POST", f"/pay{ID}", pages.submit),
    ("POST", "/v1/checkout/sessions", api.posting(api.create_session, parameters.SESSION)),
    ("GET", "/v1/checkout/sessions", api.listing("checkout.session")),
    ("GET", f"/v1/checkout/sessions{ID}", api.reading("checkout.session")),
    ("POST", f"/v1/checkout/sessions{ID}/expire", api.posting(api.expire_session, parameters.READ)),
    ("GET", "/v1/payment_intents", api.listing("payment_intent")),
    ("GET", f"/v1/payment_intents{ID}", api.reading("payment_intent")),
    ("POST", f"/v1/payment_intents{ID}/capture", api.posting(api.capture, parameters.CAPTURE)),
    ("POST", f"/v1/payment_intents{ID}/cancel", api.posting(api.cancel, parameters.CANCEL)),
    ("POST", "/v1/refunds", api.posting(api.refund, parameters.REFUND)),
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
    ("POST", "/control/(expire|dispute|warn|review|refund)", control.trigger),
    ("POST", "/control/replay", control.replay),
    ("POST", "/control/forget", control.forget),
    ("POST", "/control/age", control.age),
    ("POST", "/control/reset", control.reset),
)
BROKEN: dict[str, Reply] = {
    Kind.ERROR: api.as_json(
        {"error": {"type": "api_error", "message": "Try again."}},
        HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    Kind.BUSY: api.as_json(
        {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Slow down."}},
        HTTPStatus.TOO_MANY_REQUESTS,
    ),
    Kind.GARBAGE: Reply(body=b"<html><h1>Welcome", type="text/html"),
}


class Server(Listener):
    """HTTP server of the local Stripe sandbox."""

    max_body_bytes = 65_536
    sandbox: Sandbox  # set before the first call

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, answer=self._answer)

    def _answer(self, asked: Request) -> Reply:
        is_control = asked.path.startswith(CONTROL)
        fault = None if is_control else self.sandbox.faults.next_for(f"{asked.method} {asked.path}")
        if fault is not None and fault.kind in BEFORE:
            return BROKEN.get(fault.kind, Reply(is_dropped=True))
        answer = self._handle(asked, fault)
        if fault is not None and fault.kind not in INSIDE:
            return BROKEN.get(fault.kind, Reply(is_dropped=True))
        if fault is not None and fault.kind == Kind.SLOW:
            time.sleep(fault.delay_s)
        return answer

    def _handle(self, asked: Request, fault: Fault | None) -> Reply:
        status = HTTPStatus.NOT_FOUND
        try:
            for method, path, handler in ROUTES:
                if (found := re.fullmatch(path, asked.path)) is None:
                    continue
                if method != asked.method:
                    status = HTTPStatus.METHOD_NOT_ALLOWED
                    continue
                if path.startswith("/v1/"):
                    api.check(self.sandbox, asked)
                call = Call(asked=asked, arguments=found.groups(), now=time.time(), fault=fault)
                return handler(self.sandbox, call)
            if asked.path.startswith("/pay/") and asked.method == "GET":
                return pages.unknown(self.sandbox)
            raise StripeError(f"Unrecognized request URL ({asked.path})", status=status)  # noqa: TRY301 - one handler of errors
        except StripeError as error:
            return api.as_error(error)
