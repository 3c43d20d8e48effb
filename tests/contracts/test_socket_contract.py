"""What our client does with a server that works: the same rows against Flask-SocketIO and Node's Socket.IO server."""

from pathlib import Path
from typing import Any

import pytest

from tests.contracts.conftest import OpenClient, RunScript, Server, find_node, open_in

CHINESE_16_KB = "字" * 5_461
PAYLOADS: list[Any] = [
    *(0, False, "", [], {}),
    {"nested": {"list": [1, 2.5, None, True]}},
    '妈妈星期天晚上打电话 📞 \u2028 \x1e \\ "',
    CHINESE_16_KB,
]


def test_connects_with_auth_and_hears_what_the_connect_handler_sent(server: Server, open_client: OpenClient) -> None:
    client = open_client(server.url, auth={"face": "phone"})
    client.tell("connect")
    assert client.hear(event="welcome")["args"] == [{"token": "good", "face": "phone", "asked": 1}]
    assert client.heard[:-1] == [{"state": "connecting"}, {"state": "connected"}]


def test_a_refusal_tells_its_message_and_detail_and_is_followed_by_a_retry(
    server: Server, open_client: OpenClient
) -> None:
    client = open_client(server.url, token="bad")
    client.tell("connect")
    refused = client.hear(state="refused")
    assert refused["error"] == {"message": "not_signed_in", "data": {"error": "not_signed_in", "final": False}}
    assert refused["final"] is False
    client.tell("auth", {"token": "good"})
    assert client.hear(event="welcome")["args"][0]["asked"] == 2


def test_a_final_refusal_is_not_retried_until_the_page_asks(server: Server, open_client: OpenClient) -> None:
    client = open_client(server.url, token="bad", auth={"final": True}, haste=100, connect_timeout_ms=1_000_000)
    client.tell("connect")
    assert client.hear(state="refused")["final"] is True
    # In the same haste a client that isn't refused finally has long been back.
    other = open_client(server.url, token="bad", haste=100, connect_timeout_ms=1_000_000)
    other.tell("connect")
    for _ in range(3):
        other.hear(state="refused")
    client.tell("auth", {"token": "good"})
    client.connect()
    assert [line.get("state") for line in client.heard] == ["connecting", "refused", "connecting", "connected", None]


def test_every_payload_comes_back_in_its_ack(server: Server, open_client: OpenClient) -> None:
    client = open_client(server.url)
    client.connect()
    for payload in PAYLOADS:
        client.emit("echo", payload)
        assert client.hear(ack="echo")["answer"] == payload


def test_an_ack_with_an_error_rejects(server: Server, open_client: OpenClient) -> None:
    client = open_client(server.url)
    client.connect()
    client.emit("fail", 7)
    failed = {"code": "slot_taken", "detail": {"slot": 7}, "message": "Somebody else was faster."}
    assert client.hear(failed="fail") == {"failed": "fail", "type": "SocketError", **failed}


def test_a_server_event_arrives_and_an_ack_without_a_value_resolves(server: Server, open_client: OpenClient) -> None:
    client = open_client(server.url)
    client.connect()
    for number in range(20):
        client.emit("push", {"number": number, "text": "孩子在等"})
    acks, pushed = 0, list[int]()
    while len(pushed) < 20 or acks < 20:
        line = client.hear()
        acks += line.get("ack") == "push"
        pushed += [line["args"][0]["number"]] if line.get("event") == "pushed" else []
    assert sorted(pushed) == list(range(20))


def test_an_event_that_nobody_acknowledges_times_out_and_the_connection_stays(
    server: Server, open_client: OpenClient
) -> None:
    client = open_client(server.url)
    client.connect()
    client.emit("nobody listens", timeout_ms=50)
    assert client.hear(failed="nobody listens")["code"] == "timeout"
    client.emit("echo", 1)
    client.hear(ack="echo")
    assert {"state": "connected"} in client.heard
    assert not [line for line in client.heard if line.get("state") == "lost"]


def test_the_server_puts_the_client_out_and_it_comes_back(server: Server, open_client: OpenClient) -> None:
    client = open_client(server.url)
    client.connect()
    client.emit("kick")
    client.hear(failed="kick", type="SocketError", code="lost", detail={"reason": "server_disconnect"})
    assert client.hear(event="welcome")["args"][0]["asked"] == 2
    assert {"state": "lost", "reason": "server_disconnect"} in client.heard


def test_an_event_while_not_connected_is_refused_at_once(server: Server, open_client: OpenClient) -> None:
    client = open_client(server.url)
    client.emit("echo", 1)
    assert client.hear(failed="echo")["code"] == "offline"


def test_close_is_final_and_the_process_ends_by_itself(server: Server, run_script: RunScript) -> None:
    script = run_script("our_clients.mjs")
    client = open_in(script, server.url)
    client.connect()
    client.emit("nobody listens", timeout_ms=60_000)
    client.close()
    client.hear(failed="nobody listens", code="lost", detail={"reason": "closed"})
    assert script.ended() == 0


def test_without_npm_packages_the_tests_fail_and_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="python3 -m tests"):
        find_node(tmp_path)
