"""A receiver of Bankfeeds' webhooks: believes what is signed, and takes each message once."""

import base64
import hmac
import json
import os
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_S = 300
TAKEN: set[str] = set()  # better a table, written with what you make of the message


def is_signed(headers: Message, body: bytes) -> bool:
    message_id, timestamp = headers["webhook-id"] or "", headers["webhook-timestamp"] or ""
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    own = b"v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256"))
    given = (headers["webhook-signature"] or "").encode().split(b" ")
    return any(hmac.compare_digest(own, one) for one in given)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers["content-length"]), 65_536))
        if not is_signed(self.headers, body):
            self.answer(401)
            return
        if self.headers["webhook-id"] not in TAKEN:
            message = json.loads(body)
            print(message["type"], message["data"]["title"], flush=True)
            TAKEN.add(self.headers["webhook-id"])
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
