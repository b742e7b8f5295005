"""onX: export the connector."""

from suppliers.connectors.onx.connector import OnX

__all__ = ["OnX"]
