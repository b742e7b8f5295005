"""CJ authentication endpoints: issue, refresh and check tokens."""

import secrets
from typing import Any

from storefront.dev.sandboxes.cj.protocol import ApiError, Call, Route
from storefront.dev.sandboxes.cj.state import DAY_S, SandboxState, iso

WRONG_KEY, BAD_TOKEN, NO_TOKEN, BAD_REFRESH = 1600005, 1600001, 1600002, 1600003
SAME_TOKENS_FOR_S = DAY_S


def get_access_token(call: Call) -> dict[str, Any]:
    """Return the token pair of the last day if it is still valid, else issue a new pair."""
    key = call.text("apiKey", default="") or call.text("password", default="")
    if not secrets.compare_digest(key.encode(), call.state.rules.api_key.encode()):
        raise ApiError(WRONG_KEY)
    state = call.state
    with state.ledger.writing():
        present = state.ledger.row(
            "SELECT * FROM tokens WHERE kind = 'access' AND expires_s > ? AND created_s > ?"
            " ORDER BY created_s DESC",
            call.now_s,
            call.now_s - SAME_TOKENS_FOR_S,
        )
        pair = _read(state, present["pair"]) if present else _issue(state, call.now_s)
    return {"openId": state.open_id, **pair}


def refresh_access_token(call: Call) -> dict[str, Any]:
    state = call.state
    with state.ledger.writing():
        row = state.ledger.row(
            "SELECT * FROM tokens WHERE kind = 'refresh' AND token = ? AND expires_s > ?",
            call.text("refreshToken", most=80),
            call.now_s,
        )
        if row is None:
            raise ApiError(BAD_REFRESH)
        state.ledger.run("DELETE FROM tokens WHERE pair = ?", row["pair"])
        return _issue(state, call.now_s)


def check(call: Call) -> None:
    """Check the access token.

    Raises: ApiError  the token is missing, unknown or expired
    """
    if not call.token:
        raise ApiError(NO_TOKEN)
    row = call.state.ledger.row(
        "SELECT 1 FROM tokens WHERE kind = 'access' AND token = ? AND expires_s > ?",
        call.token,
        call.now_s,
    )
    if row is None:
        raise ApiError(BAD_TOKEN)


def expire(call: Call) -> None:
    """Expire the caller's token, for a fault."""
    call.state.ledger.run(
        "UPDATE tokens SET expires_s = 0 WHERE kind = 'access' AND token = ?", call.token
    )


def _issue(state: SandboxState, now_s: float) -> dict[str, str]:
    pair = secrets.token_hex(8)
    for kind, life_s in (
        ("access", state.rules.token_life_s),
        ("refresh", state.rules.refresh_life_s),
    ):
        state.ledger.insert(
            "tokens",
            token=secrets.token_hex(24),
            kind=kind,
            pair=pair,
            created_s=now_s,
            expires_s=now_s + life_s,
        )
    return _read(state, pair)


def _read(state: SandboxState, pair: str) -> dict[str, str]:
    rows = state.ledger.rows("SELECT * FROM tokens WHERE pair = ?", pair)
    access, refresh = sorted(rows, key=lambda row: str(row["kind"]))
    return {
        "accessToken": access["token"],
        "accessTokenExpiryDate": iso(access["expires_s"]),
        "refreshToken": refresh["token"],
        "refreshTokenExpiryDate": iso(refresh["expires_s"]),
        "createDate": iso(access["created_s"]),
    }


ROUTES = tuple(
    Route(method="POST", path=f"authentication/{name}", handler=handler, needs_token=False)
    for name, handler in (
        ("getAccessToken", get_access_token),
        ("refreshAccessToken", refresh_access_token),
    )
)
