"""Vendors of texts of the tests' own, on the loopback: each keeps to the requests and answers that its model documents.

They check what they are sent by code of their own, and remember the phones that they would reach. `PlayedVendor` knows
nothing: it keeps what it was sent, byte for byte, and says what it was told to.
"""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

TOO_LATE_SECONDS = 60
TWILIO_REFUSES = {"+15005550001": 21211, "+15005550004": 21610, "+15005550009": 21614}
AFRICAS_TALKING_REFUSES = {"+254000000000": (403, "InvalidPhoneNumber"), "+254700000006": (406, "UserInBlacklist")}
ALIYUN_TEMPLATES = {"SMS_1": "${text}", "SMS_2": "约好了：${parent}的通话。"}


@dataclass(frozen=True)
class Sent:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


@dataclass(frozen=True)
class Said:
    status: int
    body: Any
    mime: str = "application/json"

    @property
    def octets(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


@dataclass
class Phones:
    """What the numbers show that a vendor reaches."""

    texts: list[tuple[str, str]] = field(default_factory=list)

    def shown(self, number: str) -> list[str]:
        return [text for to, text in self.texts if to == number]


class LoopbackVendor:
    """An HTTP server that answers by `reply`, on a port of its own."""

    def __init__(self, reply: Callable[[Sent], Said | None]) -> None:
        self.connections = 0
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                vendor.connections += 1
                super().setup()

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                said = reply(Sent(self.command, self.path, headers, body))
                if said is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(said.status)
                self.send_header("Content-Type", said.mime)
                self.send_header("Content-Length", str(len(said.octets)))
                self.end_headers()
                self.wfile.write(said.octets)

            do_GET = do_POST = _take  # noqa: N815 - the names that they have there

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has there
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class PlayedVendor(LoopbackVendor):
    """Says `answers` one after the other. None: it closes the connection without a word; "hang": it says nothing."""

    def __init__(self, answers: Sequence[Said | str | None]) -> None:
        self.sent: list[Sent] = []
        self._answers, self._stopped = list(answers), threading.Event()
        super().__init__(self._reply)

    def _reply(self, sent: Sent) -> Said | None:
        self.sent.append(sent)
        answer = self._answers.pop(0)
        if isinstance(answer, str):
            self._stopped.wait(TOO_LATE_SECONDS)
            return None
        return answer

    def stop(self) -> None:
        self._stopped.set()
        super().stop()


class TwilioLike(LoopbackVendor):
    """POST /2010-04-01/Accounts/<sid>/Messages.json, with the numbers of Twilio's own trials that it refuses."""

    SID, TOKEN = "AC" + "0" * 31 + "1", "a token: of the tests"

    def __init__(self) -> None:
        self.phones, self._refs = Phones(), count(1)
        super().__init__(self._reply)

    @property
    def url(self) -> str:
        return f"twilio://{self.SID}:{quote(self.TOKEN, safe='')}@127.0.0.1:{self.port}/?from=+15005550006"

    def _reply(self, sent: Sent) -> Said:
        wanted = base64.b64encode(f"{self.SID}:{self.TOKEN}".encode()).decode()
        if sent.headers.get("authorization") != f"Basic {wanted}":
            return _twilio_error(401, 20003, "Authenticate")
        account = f"/2010-04-01/Accounts/{self.SID}"
        if (sent.method, sent.path) == ("GET", f"{account}.json"):
            return Said(200, {"sid": self.SID, "status": "active", "type": "Full"})
        if (sent.method, sent.path) != ("POST", f"{account}/Messages.json"):
            return _twilio_error(404, 20404, f"The requested resource {sent.path} was not found")
        return self._taken(sent.fields)

    def _taken(self, fields: dict[str, str]) -> Said:
        to = fields["To"]
        if code := TWILIO_REFUSES.get(to):
            return _twilio_error(400, code, f"The 'To' number {to} is not a valid phone number.")
        if fields["From"] != "+15005550006" or not 0 < len(fields["Body"]) <= 1600:
            return _twilio_error(400, 21606, "The 'From' number is not valid")
        self.phones.texts.append((to, fields["Body"]))
        ref = f"SM{next(self._refs):032x}"
        return Said(201, {
            "account_sid": self.SID, "api_version": "2010-04-01", "body": fields["Body"], "direction": "outbound-api",
            "error_code": None, "error_message": None, "from": fields["From"], "num_segments": "1", "sid": ref,
            "status": "queued", "to": to,
        })  # fmt: skip


class AfricasTalkingLike(LoopbackVendor):
    """POST and GET /version1/messaging, GET /version1/user."""

    USERNAME, KEY, SHORT_CODE = "homethread", "atsk_of_the_tests", "22384"

    def __init__(self) -> None:
        self.phones, self._refs, self._ids = Phones(), count(1), count(15071)
        self._inbox: list[dict[str, Any]] = []
        super().__init__(self._reply)

    @property
    def url(self) -> str:
        return f"africastalking://{self.USERNAME}:{self.KEY}@127.0.0.1:{self.port}/?from={self.SHORT_CODE}"

    def receive(self, number: str, text: str, date: str = "", to: str = SHORT_CODE) -> None:
        """Somebody writes to a short code of the account."""
        date = date or time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        self._inbox.append({
            "linkId": "SampleLinkId123", "text": text, "to": to, "id": next(self._ids), "date": date,
            "from": number,
        })  # fmt: skip

    def _reply(self, sent: Sent) -> Said:
        if sent.headers.get("apikey") != self.KEY:
            return Said(401, b"The supplied authentication is invalid", "text/plain")
        address = urlsplit(sent.path)
        query = dict(parse_qsl(address.query))
        if sent.method == "GET" and query.get("username") != self.USERNAME:
            return Said(401, b"The supplied authentication is invalid", "text/plain")
        if (sent.method, address.path) == ("GET", "/version1/user"):
            return Said(200, {"UserData": {"balance": "KES 1785.50"}})
        if (sent.method, address.path) == ("GET", "/version1/messaging"):
            new = [each for each in self._inbox if each["id"] > int(query["lastReceivedId"])]
            return Said(200, {"SMSMessageData": {"Messages": new}})
        if (sent.method, address.path) == ("POST", "/version1/messaging"):
            return self._taken(sent.fields)
        return Said(404, b"The requested resource could not be found.", "text/plain")

    def _taken(self, fields: dict[str, str]) -> Said:
        to = fields["to"]
        if fields["username"] != self.USERNAME:
            return Said(401, b"The supplied authentication is invalid", "text/plain")
        if fields.get("from") != self.SHORT_CODE:
            return Said(201, {"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}})
        code, status = AFRICAS_TALKING_REFUSES.get(to, (101, "Success"))
        ref = f"ATPid_{next(self._refs):032x}" if code == 101 else "None"
        if code == 101:
            self.phones.texts.append((to, fields["message"]))
        recipient = {"statusCode": code, "number": to, "status": status, "cost": "KES 0.8000", "messageId": ref}
        message = "Sent to 1/1 Total Cost: KES 0.8000"
        return Said(201, {"SMSMessageData": {"Message": message, "Recipients": [recipient]}})


class AliyunLike(LoopbackVendor):
    """SendSms and GetSmsSign as RPC, by templates that it holds."""

    KEY_ID, KEY_SECRET, SIGN = "LTAI of the tests", "a secret & more", "家线"

    def __init__(self) -> None:
        self.phones, self._refs, self._nonces = Phones(), count(1), set[str]()
        super().__init__(self._reply)

    @property
    def url(self) -> str:
        login = f"{quote(self.KEY_ID, safe='')}:{quote(self.KEY_SECRET, safe='')}"
        return f"aliyun://{login}@127.0.0.1:{self.port}/?sign={self.SIGN}&template_booked=SMS_1&hook=yes"

    def _reply(self, sent: Sent) -> Said:
        fields = sent.fields
        if fields.get("AccessKeyId") != self.KEY_ID:
            return _aliyun_error(404, "InvalidAccessKeyId.NotFound")
        if not hmac.compare_digest(self._signature(sent), fields["Signature"]):
            return _aliyun_error(400, "SignatureDoesNotMatch")
        if fields["SignatureNonce"] in self._nonces:
            return _aliyun_error(400, "SignatureNonceUsed")
        self._nonces.add(fields["SignatureNonce"])
        if fields["Action"] == "GetSmsSign":
            said = {"SignName": fields["SignName"], "SignStatus": 1} if fields["SignName"] == self.SIGN else {}
            code = "OK" if said else "isv.SMS_SIGN_ILLEGAL"
            return Said(200, {"Code": code, "Message": code, "RequestId": "F655A8D5", **said})
        return self._taken(fields)

    def _signature(self, sent: Sent) -> str:
        """Over what stands in the body as it stands there, but for the signature and the order."""
        pairs = [pair for pair in sent.body.decode().split("&") if not pair.startswith("Signature=")]
        encoded = sorted("=".join(_percent(unquote_plus(half)) for half in pair.split("=")) for pair in pairs)
        signed = f"{sent.method}&{_percent('/')}&{_percent('&'.join(encoded))}"
        digest = hmac.new(f"{self.KEY_SECRET}&".encode(), signed.encode(), hashlib.sha1)
        return base64.b64encode(digest.digest()).decode()

    def _taken(self, fields: dict[str, str]) -> Said:
        number = fields["PhoneNumbers"]
        if fields["SignName"] != self.SIGN:
            return _aliyun_answer("isv.SMS_SIGNATURE_ILLEGAL")
        if not (number.isdigit() and 8 <= len(number) <= 15):
            return _aliyun_answer("isv.MOBILE_NUMBER_ILLEGAL")
        text = ALIYUN_TEMPLATES.get(fields["TemplateCode"])
        if text is None:
            return _aliyun_answer("isv.SMS_TEMPLATE_ILLEGAL")
        for name, value in json.loads(fields["TemplateParam"]).items():
            text = text.replace(f"${{{name}}}", value)
        self.phones.texts.append((f"+86{number}" if len(number) == 11 else f"+{number}", f"【{self.SIGN}】{text}"))
        return _aliyun_answer("OK", BizId=f"{next(self._refs)}^0")


def _twilio_error(status: int, code: int, message: str) -> Said:
    link = f"https://www.twilio.com/docs/errors/{code}"
    return Said(status, {"code": code, "message": message, "more_info": link, "status": status})


def _aliyun_error(status: int, code: str) -> Said:
    return Said(status, {"RequestId": "F655A8D5", "HostId": "dysmsapi.aliyuncs.com", "Code": code, "Message": code})


def _aliyun_answer(code: str, **more: str) -> Said:
    return Said(200, {"Message": code, "RequestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990", "Code": code, **more})


def _percent(text: str) -> str:
    kept = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
    return "".join(chr(octet) if octet in kept else f"%{octet:02X}" for octet in text.encode())
