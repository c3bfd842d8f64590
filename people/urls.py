"""Addresses of coming in and going out, and of what one keeps about oneself.

Names that begin with `account_`, `mfa_` and `openid_` are those by which django-allauth looks for
them; no other page of it is mounted.
"""

from allauth.socialaccount.providers.openid_connect.views import callback
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from people import demo_switch, profile, second_factor, views, welcome

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path(
        "sign-in/",
        RedirectView.as_view(pattern_name="login", query_string=True),
        name="account_login",
    ),
    path("login/second-step/", second_factor.SecondStep.as_view(), name="mfa_authenticate"),
    path("login/passkey/", second_factor.PasskeyLogin.as_view(), name="mfa_login_webauthn"),
    path("login/company/", views.company_login, name="company_login"),
    path(
        "login/company/callback/",
        callback,
        {"provider_id": views.COMPANY},
        name="openid_connect_callback",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", views.set_language, name="set_language"),
    path("see-as/", demo_switch.switch, name="see_as"),
    path("welcome/<int:step>/", welcome.welcome, name="welcome"),
    path("profile/", profile.profile, name="profile"),
    path("profile/absences/", profile.add_absence, name="absence_add"),
    path("profile/absences/<int:pk>/end/", profile.stop_absence, name="absence_end"),
    path("profile/tokens/", profile.add_token, name="token_add"),
    path("profile/tokens/<int:pk>/revoke/", profile.stop_token, name="token_revoke"),
    *(
        path(f"profile/{address}", login_required(view.as_view()), name=name)
        for address, view, name in (
            ("password/", second_factor.NewPassword, "password_change"),
            ("again/password/", second_factor.PasswordAgain, "account_reauthenticate"),
            ("again/code/", second_factor.CodeAgain, "mfa_reauthenticate"),
            ("again/passkey/", second_factor.PasskeyAgain, "mfa_reauthenticate_webauthn"),
            ("app/add/", second_factor.AddApp, "mfa_activate_totp"),
            ("app/remove/", second_factor.RemoveApp, "mfa_deactivate_totp"),
            ("passkeys/add/", second_factor.AddPasskey, "mfa_add_webauthn"),
            ("passkeys/<int:pk>/remove/", second_factor.RemovePasskey, "mfa_remove_webauthn"),
            ("codes/", second_factor.Codes, "mfa_view_recovery_codes"),
            ("codes/new/", second_factor.NewCodes, "mfa_generate_recovery_codes"),
        )
    ),
]
