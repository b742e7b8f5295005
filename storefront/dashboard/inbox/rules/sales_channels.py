"""Sales channel rules: find stores that refuse access or fail, and listings that they refuse."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import NO_AMOUNT, simple_rule

_STORE = (
    "s.id, c.name AS name, {since} AS since, " + NO_AMOUNT + ", {detail} AS detail"
    " FROM sales_channels_connection s JOIN catalog_channel c ON c.id = s.channel_id"
)
_PROBLEM_OF_CHANNEL = (
    "min(r.id) AS id, c.code AS name, min(r.problem_at) AS since, " + NO_AMOUNT + ","
    " count(*) || ' ×: ' || min(r.problem) AS detail"
    " FROM {table} r JOIN sales_channels_connection s ON s.id = r.connection_id"
    " JOIN catalog_channel c ON c.id = s.channel_id"
)
SALES_CHANNELS = (
    simple_rule(
        "store_access_refused",
        _("Store paused: access refused"),
        "sales_channels_connection",
        _STORE.format(since="s.status_since", detail="s.status_reason"),
        "s.status = 'paused' AND s.is_unauthorized",
    ),
    simple_rule(
        "store_failing",
        _("Store does not take our changes"),
        "sales_channels_connection",
        _STORE.format(since="s.problem_at", detail="s.problem"),
        "s.status = 'active' AND s.problem_at < %(now)s - interval '15 minutes'",
    ),
    simple_rule(
        "store_listings_refused",
        _("Listings refused by a store"),
        "sales_channels_remotelisting",
        _PROBLEM_OF_CHANNEL.format(table="sales_channels_remotelisting"),
        "s.status = 'active' AND r.problem <> '' GROUP BY c.code, s.id",
        filters="connection__channel__code={name}&problem__isempty=0",
        has_stable_since=False,
    ),
    simple_rule(
        "store_products_not_ready",
        _("Products that cannot be published in a store"),
        "sales_channels_remoteproduct",
        _PROBLEM_OF_CHANNEL.format(table="sales_channels_remoteproduct"),
        "s.status = 'active' AND r.problem <> '' GROUP BY c.code, s.id",
        filters="connection__channel__code={name}&problem__isempty=0",
        has_stable_since=False,
    ),
)
