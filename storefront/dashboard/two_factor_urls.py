"""Two-factor URLs: route sign-in, factor settings and sessions under /admin/factors/."""

from django.contrib import admin
from django.urls import path

from storefront.dashboard.login import language, sessions, two_factor_settings, views

app_name = "factors"

urlpatterns = [
    # /admin/factors/: settings of one's own factors
    path("", two_factor_settings.index, name="index"),
    # /admin/factors/language/, posted: the language of one's staff pages
    path("language/", admin.site.admin_view(language.choose), name="language"),
    path("sign-in/", views.second_factor, name="sign_in"),
    path("again/", views.reauthenticate, name="again"),
    path("app/", two_factor_settings.app, name="app"),
    path("passkey/", two_factor_settings.passkey, name="passkey"),
    path("codes/", two_factor_settings.codes, name="codes"),
    path("<int:factor_id>/drop/", two_factor_settings.remove, name="drop"),
    path("sessions/", sessions.index, name="sessions"),
    path("sessions/<int:user_id>/", sessions.index, name="sessions_of"),
    path("sessions/<int:user_id>/end/", sessions.end, name="sessions_end"),
    path("sessions/<int:user_id>/<int:session_id>/end/", sessions.end, name="session_end"),
]
