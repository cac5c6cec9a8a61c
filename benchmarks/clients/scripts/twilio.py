"""Twilio's SDK: messages and calls, and every iterator to its end."""

from calls import ORIGIN, call, drain, finish
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client


class Here(TwilioHttpClient):
    """Sends what would go to Twilio to the mock."""

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", ORIGIN), *args, **kwargs)


client = Client("AC" + "0" * 32, "token", http_client=Here())
account = client.api.v2010.accounts("AC" + "0" * 32)
message = call("messages.create", lambda: client.messages.create(to="+15005550006", from_="+15005550001", body="hello"))
call("messages.create echoes", lambda: message.body == "hello" or 1 / 0)
call("messages.fetch", lambda: client.messages("SM" + "0" * 32).fetch())
call("messages.update", lambda: client.messages("SM" + "0" * 32).update(body=""))
call("messages.delete", lambda: client.messages("SM" + "0" * 32).delete())
call(
    "calls.create", lambda: client.calls.create(to="+15005550006", from_="+15005550001", url="http://example.com/a.xml")
)
call("calls.fetch", lambda: client.calls("CA" + "0" * 32).fetch())
call("account.fetch", account.fetch)
for name in (
    "messages", "calls", "recordings", "conferences", "applications", "keys", "queues", "incoming_phone_numbers", "outgoing_caller_ids",
    "notifications", "short_codes", "signing_keys", "transcriptions", "addresses", "connect_apps", "available_phone_numbers",
):  # fmt: skip
    drain(f"{name}.stream", lambda name=name: getattr(account, name).stream(page_size=2))
finish()
