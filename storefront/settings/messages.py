"""Message settings: read the account of the SMS provider, and the mail provider."""

from storefront.lib.env import env_str

# Without account, token and sender, text messages are offered nowhere.
TWILIO_API_URL = env_str("TWILIO_API_URL", "https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT_SID = env_str("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env_str("TWILIO_AUTH_TOKEN")
TWILIO_FROM = env_str("TWILIO_FROM")  # a number (E.164), a name, or a messaging service (MG…)

# The provider behind SMTP_URL whose webhooks report bounces and complaints; none: nothing is known.
MAIL_PROVIDER = env_str("MAIL_PROVIDER")  # postmark, mailgun or brevo
# user:password in the address of the webhook; of Mailgun, its webhook signing key
MAIL_WEBHOOK_SECRET = env_str("MAIL_WEBHOOK_SECRET")
