"""Account URLs: route the customer account pages under /en/account/."""

from django.urls import path

from storefront.web.account import (
    addresses,
    auth,
    credentials,
    messages,
    password_reset,
    privacy,
    views,
)

urlpatterns = [
    # /en/account/: orders of the customer
    path("", views.account, name="account"),
    # /en/account/payments/: charges and refunds
    path("payments/", views.payments, name="account_paid"),
    path("profile/", views.profile, name="account_profile"),
    # /en/account/messages/: which messages are sent
    path("messages/", messages.messages, name="account_messages"),
    # /en/account/email/: change of the e-mail address
    path("email/", credentials.email, name="account_email_change"),
    path("email/sent/", credentials.email_sent, name="account_email_sent"),
    path("email/stop/<str:token>/", credentials.stop_email_change, name="account_email_stop"),
    path("email/<str:key>/", credentials.confirm_email_change, name="account_email_confirm"),
    path("profile/password/", credentials.password, name="account_own_password"),
    # /en/account/privacy/: export and erasure of personal data
    path("privacy/", privacy.privacy, name="account_privacy"),
    path("privacy/copy/", privacy.export, name="account_export"),
    path("privacy/erase/", privacy.erase, name="account_erase"),
    path("erased/", privacy.erased, name="account_erased"),
    # /en/account/addresses/
    path("addresses/", addresses.addresses, name="account_addresses"),
    path("addresses/new/", addresses.address, name="account_address_new"),
    path("addresses/<int:saved_id>/", addresses.address, name="account_address"),
    path("addresses/<int:saved_id>/drop/", addresses.delete, name="account_address_drop"),
    # /en/account/sign-in/
    path("sign-in/", auth.sign_in, name="account_login"),
    path("sign-up/", auth.sign_up, name="account_signup"),
    path("sign-out/", auth.sign_out, name="account_logout"),
    path("sent/", auth.sent, name="account_email_verification_sent"),
    path("confirm/<str:key>/", auth.confirm, name="account_confirm_email"),
    # /en/account/password/: password reset
    path("password/", password_reset.request_reset, name="account_reset_password"),
    path("password/sent/", password_reset.sent, name="account_reset_password_done"),
    path(
        "password/<slug:uidb36>/<str:key>/",
        password_reset.set_new_password,
        name="account_reset_password_from_key",
    ),
]
