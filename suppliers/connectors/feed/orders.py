"""Feed orders: send a purchase order by e-mail or as a file over SFTP, request changes by e-mail.

E-mail and file link to the portal page on which the supplier answers. A supplier cannot be queried:
only our record of what was sent says whether it has an order.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from posixpath import join
from typing import TYPE_CHECKING, NoReturn

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.context import ConnectorContext
from suppliers.connectors.feed import order_documents
from suppliers.connectors.feed.options import Options, OrderChannel
from suppliers.connectors.records import (
    Acknowledgement,
    DuplicateReferenceError,
    ManualRequest,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    UnsupportedCapabilityError,
)

if TYPE_CHECKING:
    from suppliers.connectors.feed.sftp import Sftp

PARTIAL_SUFFIX = ".part"
ORDER_KEY_PREFIX = "ORDER "  # of calls for an order, for which the gate reserves slots


class FeedOrdering:
    _context: ConnectorContext
    _options: Options
    _sftp: "Sftp | None" = None
    _closing: ExitStack

    def close_session(self) -> None:
        """Close the session that was kept for the next call."""
        if self._sftp is not None:
            self._sftp = None
            self._closing.close()

    def advice(self) -> tuple[str, ...]:
        if self._options.orders_by == OrderChannel.EMAIL and "@" not in self._options.orders_to:
            return ("Enter the e-mail address for orders in orders_to.",)
        return ()

    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        """Send the order, once per number.

        Raises: DuplicateReferenceError  it was sent already
                PermanentError, TemporaryError
        """
        if self._options.orders_by == OrderChannel.EMAIL:
            self._mail(request)
        else:
            self._file(request)
        return _received(request.number)

    def find(self, *, number: str) -> PurchaseOrderReport | None:
        if self._options.orders_by == OrderChannel.EMAIL:
            is_sent = self._context.mailer.has_sent(key=number)
        else:
            is_sent = self._has_file(order_documents.file_name(number))
        return _received(number) if is_sent else None

    def send_request(self, manual_request: ManualRequest) -> None:
        """Send the request to ``questions_to``, else to the address for orders by e-mail.

        Raises: UnsupportedCapabilityError  there is no such address
        """
        by_mail = self._options.orders_by == OrderChannel.EMAIL
        to = self._options.questions_to or (self._options.orders_to if by_mail else "")
        if "@" not in to:
            raise UnsupportedCapabilityError(
                "questions_to is not an e-mail address", code="no_such_capability"
            )
        payload = order_documents.request_email_payload(
            manual_request, language=self._context.language
        )
        self._context.mailer.request(
            kind=manual_request.kind, key=manual_request.key, to=to, payload=payload
        )

    def _mail(self, request: PurchaseOrderRequest) -> None:
        mailer = self._context.mailer
        if "@" not in self._options.orders_to:
            raise PermanentError("orders_to is not an e-mail address", code="bad_options")
        if mailer.has_sent(key=request.number):
            raise DuplicateReferenceError(f"{request.number} was already e-mailed")
        mailer.send(
            key=request.number,
            to=self._options.orders_to,
            payload=order_documents.order_email_payload(request, language=self._context.language),
        )

    def _file(self, request: PurchaseOrderRequest) -> None:
        """Write the file under a temporary name, then rename it, so that it appears complete."""
        name = order_documents.file_name(request.number)
        if self._has_file(name):
            _duplicate_error(name)
        with self._session() as sftp:
            try:
                sftp.write(self._path(name + PARTIAL_SUFFIX), order_documents.order_csv(request))
            except TemporaryError as error:
                # A file under the temporary name is no order, so the outcome is known.
                raise TemporaryError(str(error), code=error.code) from error
        self._context.mailer.mark_sending(key=name)
        try:
            with self._session() as sftp:
                sftp.rename(self._path(name + PARTIAL_SUFFIX), self._path(name))
        except PermanentError:
            if self._has_file(name):
                _duplicate_error(name)
            raise

    def _has_file(self, name: str) -> bool:
        """Return whether the supplier has the file, or had it and removed it after reading.

        We record the name before the rename, and until the rename the partial file exists. So the
        supplier removed a recorded file that exists under neither name.
        """
        with self._session() as sftp:
            names = frozenset(sftp.names(self._options.orders_to or "."))
        return name in names or (
            name + PARTIAL_SUFFIX not in names and self._context.mailer.is_marked(key=name)
        )

    @contextmanager
    def _session(self) -> Iterator["Sftp"]:
        """Return a session, which is kept for the next call unless a call fails."""
        from suppliers.connectors.feed.sftp import open_sftp  # noqa: PLC0415 - takes 8 MB, and few shops use SFTP

        if self._sftp is None:
            self._closing = ExitStack()
            new_session = open_sftp(
                self._context, host_key=self._options.host_key, purpose=ORDER_KEY_PREFIX
            )
            self._sftp = self._closing.enter_context(new_session)
        try:
            yield self._sftp
        except TemporaryError:
            self.close_session()
            raise

    def _path(self, name: str) -> str:
        return join(self._options.orders_to, name)


def _received(number: str) -> PurchaseOrderReport:
    return PurchaseOrderReport(
        number=number, supplier_reference="", answer=Acknowledgement.RECEIVED
    )


def _duplicate_error(name: str) -> NoReturn:
    raise DuplicateReferenceError(f"{name} was already put on the supplier's server")
