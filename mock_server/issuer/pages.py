"""The pages of the issuer: users to choose, codes to type, what went wrong. No scripts, nothing from elsewhere."""

import base64
import hashlib
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_server.respond.answer import OWN_PAGE, Answer, RawField

_environment = Environment(
    loader=PackageLoader("mock_server.issuer", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f6f6;color:#1c2b2b}"
    "main{max-width:26rem;margin:10vh auto;padding:2rem;background:#fff;border:1px solid #cfd8d8;border-radius:8px}"
    "h1{font-size:1.3rem;margin:0 0 .5rem}p{margin:.5rem 0;overflow-wrap:anywhere}"
    "button{display:block;width:100%;margin:.5rem 0;padding:.7rem 1rem;font:inherit;text-align:left;"
    "background:#fff;color:#1c2b2b;border:1px solid #7f9494;border-radius:6px;cursor:pointer}"
    "button:hover,button:focus-visible{border-color:#00695c;outline:2px solid #00695c}"
    "small{display:block;color:#4a5c5c}input{font:inherit;padding:.5rem;width:100%;box-sizing:border-box}"
    "@media (prefers-color-scheme:dark){body{background:#142020;color:#e6eded}"
    "main,button{background:#1d2b2b;color:#e6eded;border-color:#4a5c5c}small{color:#b3c2c2}}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def show_page(
    template: str, *, status: int = 200, leads_to: str = "", fields: tuple[RawField, ...] = (), **values: object
) -> Answer:
    """
    Answer with a page.

    Args:
        template: Its name, without suffixes.
        status: Of the answer.
        leads_to: Where its form may lead in the end, besides here: a source of a policy.
        fields: More header fields.
        values: That the template shows, escaped.
    """
    text = _environment.get_template(f"{template}.html.jinja").render(style=_STYLE, **values)
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {leads_to}"
    ).strip()
    head: list[RawField] = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
        *fields,
    ]
    return Answer(status, head, text.encode(), OWN_PAGE)


def redirect(target: str, fields: tuple[RawField, ...] = ()) -> Answer:
    """Lead a browser on, with GET. RFC 9700, section 4.12."""
    head = [(b"location", target.encode("ascii")), (b"cache-control", b"no-store"), *fields]
    return Answer(303, head, b"", OWN_PAGE)


def show_error(title: str, detail: str, status: int = 400) -> Answer:
    """Answer with a page that says what went wrong."""
    return show_page("notice", status=status, title=title, detail=detail)
