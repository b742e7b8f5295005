"""The second door, and what opens it, under /admin/factors/."""

from __future__ import annotations

from django.urls import path

from storefront.dashboard import doors, own_factors

app_name = "factors"

urlpatterns = [
    # /admin/factors/: how I sign in
    path("", own_factors.index, name="index"),
    path("sign-in/", doors.second, name="sign_in"),
    path("again/", doors.again, name="again"),
    path("app/", own_factors.app, name="app"),
    path("passkey/", own_factors.passkey, name="passkey"),
    path("codes/", own_factors.codes, name="codes"),
    path("<int:factor_id>/drop/", own_factors.drop, name="drop"),
]
