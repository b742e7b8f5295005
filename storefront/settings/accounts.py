"""Account settings: configure allauth to verify addresses and never reveal who has an account."""

ACCOUNT_ADAPTER = "storefront.web.account.allauth_adapter.CustomerAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # outsiders cannot trigger mails to strangers
ACCOUNT_SESSION_REMEMBER = True
# allauth's limits are in Redis, and its pages fail while Redis is down. The shop's own do not:
# passwords are counted in PostgreSQL (``accounts.login_throttling``), forms and mails by
# ``lib.security.rate_limit``.
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "storefront.accounts.two_factor.allauth_adapter.EncryptedFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
