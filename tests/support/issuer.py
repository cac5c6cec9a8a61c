"""An API with an issuer of tokens that are good for two seconds; its clock goes on by half a second with each request to the API."""

import base64
import itertools
import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote_plus, urlsplit

SECONDS = 2.0
STEP = 0.5
CLIENT, SECRET, USER, PASSWORD = "nightly", "s3cret-Of:client", "ada", "pass-Of-Ada-1815"


@dataclass
class Issuer:
    """The state of it."""

    now: float = 0.0
    held: dict[str, float] = field(default_factory=dict)  # tokens, and when they end
    refreshing: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)  # by grant or path
    served: Counter[int] = field(default_factory=Counter)  # statuses of the API
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""
    endpoint: str = ""  # that discovery names
    refuses: bool = False
    is_blind: bool = False  # whether any token is refused
    late: int = 0  # how often a token came that was given, and that had ended
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def tokens(self) -> list[str]:
        """Every secret that was given."""
        return [*self.held, *self.refreshing]

    def token(self) -> str:
        """Give a token."""
        token = f"tok-Xy7{next(self._numbers):05d}-Zq9Lm4"
        self.held[token] = self.now + SECONDS
        return token

    def is_good(self, token: str) -> bool:
        """Whether a token is good; the clock goes on."""
        self.now += STEP
        ends = self.held.get(token)
        self.late += ends is not None and ends < self.now
        return not self.is_blind and ends is not None and ends >= self.now

    def grant(self, form: dict[str, str], client: tuple[str, str]) -> tuple[int, dict[str, object]]:
        """Answer a token request."""
        kind = form.get("grant_type", "")
        self.asked[kind] += 1
        if self.refuses or client != (CLIENT, SECRET):
            return 401, {"error": "invalid_client", "error_description": "who are you?"}
        is_right = {
            "client_credentials": form.get("scope") in {None, "read"},
            "password": (form.get("username"), form.get("password")) == (USER, PASSWORD),
            "refresh_token": form.get("refresh_token") in self.refreshing,
        }.get(kind, False)
        if not is_right:
            return 400, {"error": "invalid_grant"}
        answer: dict[str, object] = {"access_token": self.token(), "token_type": "Bearer", "expires_in": SECONDS}
        if kind != "client_credentials":
            refresh = f"ref-Ab3{next(self._numbers):05d}-Kd8Rw2"
            self.refreshing.add(refresh)
            answer["refresh_token"] = refresh
        return 200, answer


def make_handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self, status: int, value: object, **fields: str) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **fields}.items():
                self.send_header(name.replace("_", "-"), text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = urlsplit(self.path).path
            with issuer.lock:
                if path == "/token" and self.command == "POST":
                    form = {name: items[0] for name, items in parse_qs(body.decode()).items()}
                    self.answer(*issuer.grant(form, self.client_of(form)))
                elif path == "/.well-known/openid-configuration":
                    self.answer(200, {"issuer": issuer.url, "token_endpoint": issuer.endpoint or f"{issuer.url}/token"})
                elif path.startswith("/login"):
                    self.log_in(path, body)
                elif path.startswith("/v1/"):
                    self.serve(path)
                else:
                    self.answer(404, {"error": "nothing"})

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_TRACE = handle_any  # noqa: N815 - http.server's names

        def client_of(self, form: dict[str, str]) -> tuple[str, str]:
            scheme, _, pair = self.headers.get("authorization", "").partition(" ")
            if scheme == "Basic":
                name, _, secret = base64.b64decode(pair).decode().partition(":")
                return unquote_plus(name), unquote_plus(secret)
            return form.get("client_id", ""), form.get("client_secret", "")

        def log_in(self, path: str, body: bytes) -> None:
            issuer.asked[f"{self.command} {path}"] += 1
            is_form = self.headers.get("content-type", "").startswith("application/x-www-form")
            if is_form:
                given = {name: items[0] for name, items in parse_qs(body.decode()).items()}
            else:
                given = json.loads(body or b"{}")
            if (given.get("user"), given.get("password")) != (USER, PASSWORD):
                self.answer(403, {"error": "wrong password"})
            elif path == "/login/header":
                self.answer(200, {}, X_Session=issuer.token())
            elif path == "/login/cookie":
                self.answer(302, {}, Set_Cookie=f"sid={issuer.token()}; Path=/; HttpOnly", Location="/")
            else:
                self.answer(200, {"data": {"session": {"jwt": issuer.token()}}})

        def serve(self, path: str) -> None:
            cookies = dict(part.strip().partition("=")[::2] for part in self.headers.get("cookie", "").split(";"))
            queried = parse_qs(urlsplit(self.path).query)
            token = {
                "/v1/things": self.headers.get("authorization", "").removeprefix("Bearer "),
                "/v1/keyed": self.headers.get("x-session", ""),
                "/v1/queried": queried.get("session", [""])[0],
                "/v1/baked": cookies.get("sid", ""),
            }.get(path)
            if token is None:
                self.answer(404, {"error": "nothing"})
            elif not issuer.is_good(token):
                issuer.served[401] += 1
                self.answer(401, {"error": f"the token {token} is not good"}, WWW_Authenticate="Bearer")
            elif self.command not in {"GET", "HEAD"}:
                self.answer(405, {"error": "no"}, Allow="GET, HEAD")
            else:
                issuer.served[200] += 1
                self.answer(200, {"name": 7, "token": token})  # the name has to be a text: a finding

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler


@contextmanager
def running_issuer(tls: ssl.SSLContext | None = None) -> Iterator[Issuer]:
    """Serve an issuer and its API."""
    issuer = Issuer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(issuer))
    server.daemon_threads = True
    server.handle_error = lambda request, address: None  # type: ignore[method-assign]  # of clients that are refused
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    issuer.url = f"http{'s' if tls is not None else ''}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def document_of(path: str, schemes: dict[str, object]) -> dict[str, object]:
    """A document of the API with one operation, which takes the credentials of any of some schemes."""
    content = {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "token": {"type": "string"}},
            }
        }
    }
    error = {"description": "No", "content": {"application/json": {"schema": {"type": "object"}}}}
    operation = {
        "operationId": "get",
        "security": [{name: []} for name in schemes],
        "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9}}],
        "responses": {"200": {"description": "OK", "content": content}, "default": error},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": "/v1"}],
        "paths": {path: {"get": operation}},
        "components": {"securitySchemes": schemes},
    }
