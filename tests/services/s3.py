"""An S3-compatible store of the tests' own, in memory, on a port of the loopback: moto's server, which checks keys."""

import signal
import socket
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import boto3  # type: ignore[import-untyped]

from tests.services.leash import Leash
from tests.services.ports import free_port

READY_SECONDS = 60
# One request at a time: of two that put the same object at once it answers one with an error of its own.
PROGRAM = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
"""
BUCKET = "recordings"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
UNCHECKED_ACTIONS = 4  # those of _enrol


class PrivateS3:
    """One bucket, and one key that may use it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="homethread-s3-"))
        self.port = free_port()
        self._start()

    def url(self, secret: str | None = None, bucket: str = BUCKET, **settings: str) -> str:
        """As HOMETHREAD_MESSAGE_STORE takes it."""
        said = urllib.parse.quote(self._secret if secret is None else secret, safe="")
        return f"s3+http://{self._key}:{said}@127.0.0.1:{self.port}/{bucket}?{urllib.parse.urlencode(settings)}"

    def kill(self) -> None:
        self._leash.send(signal.SIGKILL)

    def restart(self) -> None:
        """On the same port, with nothing in it and another key."""
        self._start()

    def stop(self) -> None:
        self._leash.let_go()

    def _start(self) -> None:
        command = ["env", f"INITIAL_NO_AUTH_ACTION_COUNT={UNCHECKED_ACTIONS}", sys.executable, "-c", PROGRAM]
        # All it has is in its memory; asked to end it takes ten seconds.
        self._leash = Leash([*command, str(self.port)], folder=self.folder, end=signal.SIGKILL)
        self._wait_until_ready()
        self._enrol()

    def _enrol(self) -> None:
        asked = {
            "endpoint_url": f"http://127.0.0.1:{self.port}", "region_name": "us-east-1",
            "aws_access_key_id": "unchecked", "aws_secret_access_key": "unchecked",
        }  # fmt: skip
        iam = boto3.client("iam", **asked)
        iam.create_user(UserName="homethread")
        made = iam.create_access_key(UserName="homethread")["AccessKey"]
        iam.put_user_policy(UserName="homethread", PolicyName="store", PolicyDocument=POLICY)
        boto3.client("s3", **asked).create_bucket(Bucket=BUCKET)
        self._key, self._secret = made["AccessKeyId"], made["SecretAccessKey"]

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if not self._leash.is_alive or time.monotonic() > give_up:
                    raise RuntimeError(f"the store did not start:\n{self._leash.log.read_text()}") from None
                time.sleep(0.02)
            else:
                return
