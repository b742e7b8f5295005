"""Change source: tell the triggers that record changes who changes rows, and why."""

from django.db import connection

from storefront.lib.db.transactions import requires_transaction


@requires_transaction
def set_change_source(source: str, *, actor: str = "") -> None:
    """Name the source of all changes until the transaction ends; a later call replaces it.

    ``source`` is a kind and what identifies it, separated by colons: "staff", "sync:cj:12".
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('fara.source', %s, true), set_config('fara.actor', %s, true)",
            [source[:100], actor[:150]],
        )
