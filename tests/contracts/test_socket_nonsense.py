"""What our client does with a server that talks nonsense, or not at all: node/raw_server.mjs."""

import json
from typing import Any

import pytest

from tests.contracts.conftest import OpenClient, RunScript, Script, open_in
from tests.services import free_port

LATE = '42["pushed","late"]'
NONSENSE: dict[str, Any] = {
    "empty": "",
    "unknown_engine_packet": "9",
    "unknown_packet": '47["pushed"]',
    "binary_event": '451-["pushed",{"_placeholder":true,"num":0}]',
    "binary": {"hex": "00ff"},
    "cut_off": '42["pushed"',
    "no_list": '42{"pushed":1}',
    "no_name": "42[1]",
    "no_json": "42pushed",
    "ack_without_id": "43[1]",
    "second_handshake": '0{"pingInterval":1000,"pingTimeout":1000}',
    "second_connect": '40{"sid":"again"}',
}


class RawServer:
    def __init__(self, run_script: RunScript, *greetings: Any) -> None:
        port = free_port()
        script: Script = run_script("raw_server.mjs", str(port), json.dumps(greetings))
        self.client = script.client
        self.client.hear(listening=True)
        self.url = f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def raw_server(run_script: RunScript) -> RawServer:
    """It greets rightly, then says what the client's auth asks for."""
    return RawServer(run_script)


@pytest.mark.parametrize("frame", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_closes_and_retries_and_nothing_of_the_old_connection_comes_through(
    raw_server: RawServer, open_client: OpenClient, frame: Any
) -> None:
    client = open_client(raw_server.url, auth={"frames": ['42["pushed","before"]', frame, LATE, "41"]})
    client.tell("connect")
    client.hear(state="lost", reason="malformed")
    client.hear(state="connected")
    client.close()
    assert [line["args"] for line in client.heard if "event" in line] == [["before"]]
    assert [line["reason"] for line in client.heard if line.get("state") == "lost"] == ["malformed"]


def test_the_server_learns_why_it_was_left(raw_server: RawServer, open_client: OpenClient) -> None:
    client = open_client(raw_server.url, auth={"frames": ["42["]})
    client.tell("connect")
    raw_server.client.hear(code=4000, reason="malformed")


def test_every_wrong_greeting_is_survived(run_script: RunScript, open_client: OpenClient) -> None:
    greetings = ["0{", "0{}", '0{"pingInterval":"1","pingTimeout":"1"}', '40{"sid":"s"}', "hello", {"hex": "30"}]
    client = open_client(RawServer(run_script, *greetings).url, haste=50, connect_timeout_ms=500_000)
    client.tell("connect")
    for _ in greetings:
        client.hear(state="lost", reason="malformed")
    client.hear(state="connected")


def test_a_server_that_never_greets_is_given_up(run_script: RunScript, open_client: OpenClient) -> None:
    client = open_client(RawServer(run_script, None).url, haste=1, connect_timeout_ms=300)
    client.tell("connect")
    client.hear(state="lost", reason="connect_timeout")


def test_what_is_not_for_us_is_passed_over(raw_server: RawServer, open_client: OpenClient) -> None:
    frames = ["6", '40/desk,{"sid":"x"}', '42/desk,["pushed",0]', "41/desk", '4399["nobody asked"]', '427["pushed",1]']
    several = '42["unknown",0]\x1e42["pushed",2]\x1e42/,["pushed",3]'
    client = open_client(raw_server.url, auth={"frames": [*frames, several]})
    client.tell("connect")
    client.hear(event="pushed", args=[3])
    states = [line["state"] for line in client.heard if "state" in line]
    assert states == ["connecting", "connected"]
    assert [line["args"] for line in client.heard if "event" in line] == [[1], [2], [3]]


def test_close_in_the_middle_of_connecting_lets_the_process_end(run_script: RunScript) -> None:
    script = run_script("our_clients.mjs")
    client = open_in(script, RawServer(run_script, None).url)
    client.tell("connect")
    client.hear(state="connecting")
    client.close()
    assert script.ended() == 0
    assert client.heard == [{"state": "connecting"}, {"state": "closed"}, {"timers": 0}]
