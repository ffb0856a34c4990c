"""Exchanges that answer one question about a key as their documents say, and check its signature by themselves."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

Headers = dict[str, str]
Answer = tuple[int, Any]
Handler = Callable[[str, str, Headers, bytes], Answer]
"""Method, target, headers in lower case and body, to status and JSON."""


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """A server on loopback that answers by ``handler``; gives its address."""

    class Serves(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = handler(self.command, self.path, headers, body)
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _answer  # noqa: N815  (the library's names)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serves)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def binance(key: str, secret: bytes, path: str, said: Any) -> Handler:
    """Checks ``signature`` over the query before it."""

    def handle(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        parts = urlsplit(target)
        payload, _, signature = parts.query.rpartition("&signature=")
        right = hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()
        timed = {"timestamp", "recvWindow"} == set(dict(parse_qsl(payload)))
        if (method, parts.path) != ("GET", path) or headers.get("x-mbx-apikey") != key or not timed:
            return 401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
        return (200, said) if signature == right else (400, {"code": -1022, "msg": "Signature for this request"})

    return handle


def bybit(key: str, secret: bytes, said: Any) -> Handler:
    """Checks ``X-BAPI-SIGN`` over time, key and window."""

    def handle(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        text = headers["x-bapi-timestamp"] + headers["x-bapi-api-key"] + headers["x-bapi-recv-window"]
        right = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
        asked = (method, target, headers["x-bapi-api-key"])
        if asked != ("GET", "/v5/user/query-api", key) or headers["x-bapi-sign"] != right:
            return 200, {"retCode": 10004, "retMsg": "error sign! please check your signature generation algorithm."}
        return 200, {"retCode": 0, "retMsg": "", "result": said, "retExtInfo": {}, "time": 1676430843547}

    return handle


def kraken(key: str, secret: str, said: Any) -> Handler:
    """Checks ``API-Sign`` over path, nonce and body."""

    def handle(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        nonce = dict(parse_qsl(body.decode()))["nonce"]
        message = target.encode() + hashlib.sha256(nonce.encode() + body).digest()
        right = base64.b64encode(hmac.new(base64.b64decode(secret), message, hashlib.sha512).digest()).decode()
        if (method, target) != ("POST", "/0/private/GetApiKeyInfo") or headers["api-key"] != key:
            return 200, {"error": ["EAPI:Invalid key"]}
        return 200, {"error": [], "result": said} if headers["api-sign"] == right else {"error": ["EAPI:Bad request"]}

    return handle


def kucoin(key: str, secret: bytes, passphrase: bytes, said: Any) -> Handler:
    """Checks the signature and the signed passphrase."""

    def mac(text: bytes) -> str:
        return base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()

    def handle(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        text = headers["kc-api-timestamp"] + method + target + body.decode()
        given = (headers["kc-api-key"], headers["kc-api-key-version"], headers["kc-api-passphrase"])
        if given != (key, "2", mac(passphrase)):
            return 401, {"code": "400004", "msg": "Invalid KC-API-PASSPHRASE"}
        if target != "/api/v1/user/api-key" or headers["kc-api-sign"] != mac(text.encode()):
            return 401, {"code": "400005", "msg": "Invalid KC-API-SIGN"}
        return 200, {"code": "200000", "data": said}

    return handle


def coinbase(key: str, public: EllipticCurvePublicKey, host: Callable[[], str], said: Any) -> Handler:
    """Checks the token: its claims, its life and its signature."""

    def unpadded(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def handle(method: str, target: str, headers: Headers, body: bytes) -> Answer:
        signed, _, signature = headers["authorization"].removeprefix("Bearer ").rpartition(".")
        head, claims = (json.loads(unpadded(part)) for part in signed.split("."))
        raw = unpadded(signature)
        try:
            der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
            public.verify(der, signed.encode(), ECDSA(SHA256()))
        except InvalidSignature:
            return 401, b"Unauthorized\n"
        uri = f"{method} {host()}/api/v3/brokerage/key_permissions"
        right = (
            (head["alg"], head["kid"], claims["sub"], claims["iss"]) == ("ES256", key, key, "cdp")
            and claims["uri"] == uri
            and claims["exp"] - claims["nbf"] == 120
            and len(head["nonce"]) == 32
        )
        return (200, said) if right else (401, b"Unauthorized\n")

    return handle
