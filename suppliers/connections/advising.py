"""What an operator can do about a supplier's answer, in one sentence for each."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from storefront.lib.http.errors import NotNowError, OutsideError, TemporaryError

CHECK_KEYS = _("Enter the keys anew: this one is refused, or may not do this.")
CHECK_ADDRESS = _("Check the address: the host is there, and knows no such page.")
CHECK_OPTIONS = _("Mend the options of the connection.")
TOO_FAST = _("He allows fewer calls than we make: lower the calls a second, and try again later.")
TRY_LATER = _("He has trouble of his own: try again in some minutes, and tell him if it stays.")
UNREACHABLE = _("Check the address and the network: nobody answers there.")
NOT_THE_API = _("Check the address: what answers there is not his API.")
WAIT = _("Nothing is wrong: the calls are kept back for now. Try again later.")
ASK_HIM = _("Ask the supplier: he understood, and refuses.")

BY_CODE: dict[str, str | Promise] = {
    "400": CHECK_OPTIONS,
    "401": CHECK_KEYS,
    "403": CHECK_KEYS,
    "404": CHECK_ADDRESS,
    "429": TOO_FAST,
    "bad_key": CHECK_KEYS,
    "bad_options": CHECK_OPTIONS,
    "bad_mapping": _("Mend the mapping of the feed; its preview shows what is wrong."),
    "feed-no-upload": _("Upload a file, or name the one that is there in the options."),
    "garbage": NOT_THE_API,
    "host_key": _("Check with the supplier whether his server has a new key, and enter it."),
    "login_gap": _("Wait five minutes: he takes no more than one login in that time."),
    "no_good_row": _("Look at what he sends: mend the mapping, or ask him for a good list."),
    "no_route": _("Ask him which routes the account may use, and whether he ships there."),
    "no_rows": _("Check whether the account may see goods, and what the options choose of them."),
    "not_connected": _("Connect him first: supplier add --code … --connector … --base-url …"),
    "refused_address": _("This network is not for suppliers: see PRIVATE_NETWORKS_ALLOWED."),
}


def advice_on(error: OutsideError, *, is_sign_in: bool = False) -> str:
    """Return one sentence for the operator; the error itself says what happened."""
    if (words := BY_CODE.get(error.code)) is not None:
        return str(words)
    if isinstance(error, NotNowError):
        return str(WAIT)
    if isinstance(error, TemporaryError):
        # Without a status nobody answered at all.
        return str(TRY_LATER if error.code else UNREACHABLE)
    if any(sign in str(error) for sign in ("not JSON", "not readable")):
        return str(NOT_THE_API)
    return str(CHECK_KEYS if is_sign_in else ASK_HIM)
