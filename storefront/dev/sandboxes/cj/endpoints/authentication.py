"""CJ authentication endpoints: issue, refresh, check and revoke tokens."""

from __future__ import annotations

import secrets
from typing import Any

from storefront.dev.sandboxes.cj.protocol import Call, RefusedError, Route
from storefront.dev.sandboxes.cj.state import DAY_S, World, iso

WRONG_KEY, BAD_TOKEN, NO_TOKEN, BAD_REFRESH = 1600005, 1600001, 1600002, 1600003
SAME_PAIR_FOR_S = DAY_S


def get_access_token(call: Call) -> dict[str, Any]:
    """Issue a token pair: that of today, if it is still valid."""
    key = call.text("apiKey", default="") or call.text("password", default="")
    if not secrets.compare_digest(key.encode(), call.world.rules.api_key.encode()):
        raise RefusedError(WRONG_KEY)
    world = call.world
    with world.ledger.writing():
        present = world.ledger.row(
            "SELECT * FROM tokens WHERE kind = 'access' AND expires_s > ? AND created_s > ?"
            " ORDER BY created_s DESC",
            call.now_s,
            call.now_s - SAME_PAIR_FOR_S,
        )
        pair = _read(world, present["pair"]) if present else _lend(world, call.now_s)
    return {"openId": world.open_id, **pair}


def refresh_access_token(call: Call) -> dict[str, Any]:
    world = call.world
    with world.ledger.writing():
        row = world.ledger.row(
            "SELECT * FROM tokens WHERE kind = 'refresh' AND token = ? AND expires_s > ?",
            call.text("refreshToken", most=80),
            call.now_s,
        )
        if row is None:
            raise RefusedError(BAD_REFRESH)
        world.ledger.run("DELETE FROM tokens WHERE pair = ?", row["pair"])
        return _lend(world, call.now_s)


def logout(call: Call) -> bool:
    pair = "SELECT pair FROM tokens WHERE token = ?"
    call.world.ledger.run(f"DELETE FROM tokens WHERE pair = ({pair})", call.token)  # noqa: S608
    return True


def check(call: Call) -> None:
    """Check the access token.

    Raises: RefusedError  the token is missing, unknown or expired
    """
    if not call.token:
        raise RefusedError(NO_TOKEN)
    row = call.world.ledger.row(
        "SELECT 1 FROM tokens WHERE kind = 'access' AND token = ? AND expires_s > ?",
        call.token,
        call.now_s,
    )
    if row is None:
        raise RefusedError(BAD_TOKEN)


def expire(call: Call) -> None:
    """Expire the caller's token, for a fault."""
    call.world.ledger.run(
        "UPDATE tokens SET expires_s = 0 WHERE kind = 'access' AND token = ?", call.token
    )


def _lend(world: World, now_s: float) -> dict[str, str]:
    pair = secrets.token_hex(8)
    for kind, life_s in (
        ("access", world.rules.token_life_s),
        ("refresh", world.rules.refresh_life_s),
    ):
        world.ledger.insert(
            "tokens",
            token=secrets.token_hex(24),
            kind=kind,
            pair=pair,
            open_id=world.open_id,
            created_s=now_s,
            expires_s=now_s + life_s,
        )
    return _read(world, pair)


def _read(world: World, pair: str) -> dict[str, str]:
    rows = world.ledger.rows("SELECT * FROM tokens WHERE pair = ?", pair)
    access, refresh = sorted(rows, key=lambda row: str(row["kind"]))
    return {
        "accessToken": access["token"],
        "accessTokenExpiryDate": iso(access["expires_s"]),
        "refreshToken": refresh["token"],
        "refreshTokenExpiryDate": iso(refresh["expires_s"]),
        "createDate": iso(access["created_s"]),
    }


ROUTES = (
    Route(
        method="POST",
        path="authentication/getAccessToken",
        handler=get_access_token,
        needs_token=False,
    ),
    Route(
        method="POST",
        path="authentication/refreshAccessToken",
        handler=refresh_access_token,
        needs_token=False,
    ),
    Route(method="POST", path="authentication/logout", handler=logout),
)
