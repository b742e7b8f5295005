"""Stripe page translations: hold the texts of the payment page in the shop's languages."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH = {
    "title": "Pay {amount}",
    "to": "To {shop}",
    "test": "A stand-in for Stripe on this machine. No money moves.",
    "card": "Pay with a test card",
    "authorizes": "Authorized",
    "declines": "Declined by the bank",
    "asks": "The bank asks you to confirm",
    "other": "Or write another card number",
    "other_hint": "12 to 19 digits. Only the last four are kept.",
    "bad_number": "This is not a card number. Check the digits.",
    "pay": "Pay {amount}",
    "cancel": "Cancel and go back to the shop",
    "confirm_title": "Is it you?",
    "confirm_text": "{shop} asks for {amount} from the card that ends in {last4}.",
    "yes": "Yes, pay {amount}",
    "no": "No, it is not me",
    "back": "Back to the shop",
    "authorized": "The amount is held on your card.",
    "declined": "Your bank declined.",
    "expired": "This payment has expired.",
    "unknown": "There is no such payment.",
    "unknown_text": "Go back to the shop and pay from there.",
}
AZERBAIJANI = {
    "title": "{amount} ödəyin",
    "to": "Alan: {shop}",
    "test": "Stripe-ın bu kompüterdəki əvəzi. Pul köçürülmür.",
    "card": "Sınaq kartı ilə ödəyin",
    "authorizes": "Təsdiqlənir",
    "declines": "Bank rədd edir",
    "asks": "Bank sizdən təsdiq istəyir",
    "other": "Və ya başqa kart nömrəsi yazın",
    "other_hint": "12–19 rəqəm. Yalnız son dördü saxlanılır.",
    "bad_number": "Bu, kart nömrəsi deyil. Rəqəmləri yoxlayın.",
    "pay": "{amount} ödə",
    "cancel": "Ləğv et və mağazaya qayıt",
    "confirm_title": "Bu sizsiniz?",
    "confirm_text": "{shop} {last4} ilə bitən kartdan {amount} istəyir.",
    "yes": "Bəli, {amount} ödə",
    "no": "Xeyr, mən deyiləm",
    "back": "Mağazaya qayıt",
    "authorized": "Məbləğ kartınızda saxlanılıb.",
    "declined": "Bankınız rədd etdi.",
    "expired": "Bu ödənişin vaxtı keçib.",
    "unknown": "Belə ödəniş yoxdur.",
    "unknown_text": "Mağazaya qayıdın və oradan ödəyin.",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "az": AZERBAIJANI}


def texts_for(locale: str) -> tuple[str, Mapping[str, str]]:
    """Return the language of the page for a locale, and its texts."""
    language = locale[:2] if locale[:2] in LANGUAGES else "en"
    return language, LANGUAGES[language]
