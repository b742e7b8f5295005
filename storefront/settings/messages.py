"""Message settings: read the SMS and the mail provider, and when customers are told of items."""

from storefront.lib.env import env_int, env_str

# Without account, token and sender, text messages are offered nowhere.
TWILIO_API_URL = env_str("TWILIO_API_URL", "https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT_SID = env_str("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env_str("TWILIO_AUTH_TOKEN")
TWILIO_FROM = env_str("TWILIO_FROM")  # a number (E.164), a name, or a messaging service (MG…)

# The provider behind SMTP_URL whose webhooks report bounces and complaints; none: nothing is known.
MAIL_PROVIDER = env_str("MAIL_PROVIDER")  # postmark, mailgun or brevo
# user:password in the address of the webhook; of Mailgun, its webhook signing key
MAIL_WEBHOOK_SECRET = env_str("MAIL_WEBHOOK_SECRET")

# How long an item must be back, or cheaper, before those who asked are told.
PRODUCT_ALERT_HOLD_MIN = env_int("PRODUCT_ALERT_HOLD_MIN", 15)
# How many people are told within an hour for each unit that can be ordered.
PRODUCT_ALERTS_PER_UNIT = env_int("PRODUCT_ALERTS_PER_UNIT", 2)
REVIEW_REQUEST_DAYS = env_int("REVIEW_REQUEST_DAYS", 7)  # after the last delivery of an order
PRODUCT_ALERT_DAYS = env_int("PRODUCT_ALERT_DAYS", 365)  # then a request expires
PRICE_ALERT_PERCENT = env_int("PRICE_ALERT_PERCENT", 5)  # smallest price drop that is told
