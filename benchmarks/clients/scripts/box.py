"""Box's generated SDK: every method of every manager without a body."""

from box_sdk_gen import BaseUrls, BoxClient, BoxDeveloperTokenAuth, NetworkSession
from calls import ORIGIN, URL, finish, try_methods

session = NetworkSession(base_urls=BaseUrls(base_url=ORIGIN, upload_url=URL.rsplit("/2.0", 1)[0], oauth_2_url=ORIGIN))
client = BoxClient(BoxDeveloperTokenAuth("t"), network_session=session)
for name, manager in vars(client).items():
    if name not in {"auth", "network_session", "authorization"}:
        try_methods(
            f"{name}.", manager, {"scope": "global", "template_key": "t"}, skip=lambda method: "upload_big" in method
        )
finish()
