"""What our client does when the server freezes, dies or isn't there."""

import signal

from tests.contracts.conftest import BRISK, OpenClient, RunScript, Server, open_in
from tests.services import free_port


def test_a_living_connection_is_kept_and_a_frozen_one_given_up(fragile_server: Server, open_client: OpenClient) -> None:
    client = open_client(fragile_server.url, haste=1, connect_timeout_ms=500)
    client.connect()
    client.emit("nobody listens", timeout_ms=sum(BRISK) * 1_000 + 300)
    client.hear(failed="nobody listens", code="timeout")
    client.emit("echo", 1)
    client.hear(ack="echo")
    fragile_server.send(signal.SIGSTOP)
    client.emit("echo", 1)
    client.hear(state="lost", reason="heartbeat")
    client.hear(failed="echo", code="lost", detail={"reason": "heartbeat"})
    client.hear(state="lost", reason="connect_timeout")
    fragile_server.send(signal.SIGCONT)
    assert client.hear(event="welcome")["args"][0]["token"] == "good"


def test_a_restarted_server_is_found_again_and_auth_is_asked_again(
    fragile_server: Server, open_client: OpenClient
) -> None:
    client = open_client(fragile_server.url)
    client.connect()
    fragile_server.kill()
    client.hear(state="lost", reason="transport")
    client.hear(state="lost", reason="transport")
    client.tell("auth", {"token": "good", "night": 2})
    fragile_server.start()
    welcome = client.hear(event="welcome")["args"][0]
    assert welcome["night"] == 2
    assert welcome["asked"] > 1
    client.emit("echo", 1)
    client.hear(ack="echo")


def test_close_while_waiting_for_a_server_lets_the_process_end(run_script: RunScript) -> None:
    script = run_script("our_clients.mjs")
    client = open_in(script, f"http://127.0.0.1:{free_port()}")
    client.tell("connect")
    client.hear(state="lost", reason="transport")
    client.close()
    assert script.ended() == 0
