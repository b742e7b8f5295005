"""Store check: read a store, record what it lacks for a channel; subscribe to its webhooks."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.clock import running_clock
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.http.observers import LoggingObserver
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.connections.status import lose_access, pause_if_unauthorized
from storefront.sales_channels.models import Connection
from storefront.sales_channels.platforms.base import StoreInfo

OTHER_STORE = _(
    "This is another store than the one that was connected. Its orders and products cannot be told"
    " from those of the other one: connect it as a new connection, on a channel of its own."
)


def check_store(connection: Connection, *, now: datetime) -> None:
    """Read the store with its key; store its name, its identity and what is wrong.

    Access that is refused, or another store at the address, pauses an active connection.
    """
    clock = running_clock(now)
    name = ""
    try:
        with open_platform(connection) as platform:
            info, identity = platform.check(), platform.identity()[:200]
    except ExternalServiceError as error:
        problems = [_refusal(error)]
        pause_if_unauthorized(connection, error, now=clock())
    else:
        name, problems = info.name, find_problems(connection, info)
        if not connection.is_bound:
            connection.store_identity = identity
        elif identity != connection.store_identity:
            problems = [str(OTHER_STORE)]
            lose_access(connection, reason=problems[0], now=clock())
    connection.store_name = name[:200] or connection.store_name
    connection.checked_at, connection.check_problem = clock(), " ".join(problems)[:500]
    connection.save(update_fields=["store_identity", "store_name", "checked_at", "check_problem"])


def find_access_problem(connection: Connection) -> str:
    """Return why an unsaved address or key does not open the connection's store; empty: it does.

    The circuit breaker is that of the saved address, so it is not asked.
    """
    try:
        with open_platform(connection, gate=LoggingObserver()) as platform:
            is_same = platform.identity()[:200] == connection.store_identity
    except ExternalServiceError as error:
        return _refusal(error)
    return "" if is_same else str(OTHER_STORE)


def _refusal(error: ExternalServiceError) -> str:
    return gettext("The store does not accept our calls: %(error)s") % {"error": error}


def subscribe(connection: Connection) -> list[str]:
    """Let the store send us its webhooks; return the topics that it did not send before.

    Without them, orders are found by polling. Raises TemporaryError, PermanentError.
    """
    # ``storefront.webhooks.sources`` finds the connection by this name.
    url = f"{settings.PUBLIC_URL}/hooks/channel-{connection.channel.code}/"
    with open_platform(connection) as platform:
        return list(platform.register_webhooks(url=url))


def find_problems(connection: Connection, info: StoreInfo) -> list[str]:
    """Return in which ways a store does not fit its channel."""
    channel = connection.channel
    problems = []
    if info.missing_scopes:
        scopes = ", ".join(info.missing_scopes)
        problems.append(gettext("The key lacks permissions: %(scopes)s.") % {"scopes": scopes})
    if info.currency != channel.currency:
        template = gettext("The store sells in %(theirs)s, the channel in %(ours)s.")
        problems.append(template % {"theirs": info.currency, "ours": channel.currency})
    if info.prices_include_tax == channel.prices_exclude_tax:
        problems.append(
            gettext("Prices of the store and of the channel differ in whether they include tax.")
        )
    location = connection.options.get("location_id", "")
    if location and info.locations and location not in info.locations:
        known = ", ".join(f"{code} ({name})" for code, name in info.locations.items())
        problems.append(gettext("Choose a stock location: %(known)s.") % {"known": known})
    return problems
