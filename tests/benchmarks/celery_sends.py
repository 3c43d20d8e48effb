"""The reference of `reminders`: the same sends as tasks of Celery over Redis. HOMETHREAD_BENCH names broker and vendor.

As a script it puts tasks: FIRST LAST OF STARTS_AT puts those of the numbers FIRST to LAST, due evenly over a minute.
"""

import os
import sys
from datetime import UTC, datetime, timedelta

import urllib3
from celery import Celery

from app.gateways.kannel_hook import receipt_query

BROKER, VENDOR_PORT = os.environ["BENCH_BROKER"], int(os.environ["BENCH_VENDOR_PORT"])
THREADS = 16

app = Celery("reminders", broker=BROKER)
app.conf.update(
    task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=1, worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)  # fmt: skip
pool = urllib3.HTTPConnectionPool("127.0.0.1", VENDOR_PORT, maxsize=THREADS)


@app.task(name="send")  # type: ignore[untyped-decorator]
def send(key: str, to: str, text: str) -> None:
    headers = {
        "Content-Type": "text/plain; charset=UTF-8", "X-Kannel-Username": "u", "X-Kannel-Password": "p",
        "X-Kannel-To": to, "X-Kannel-Coding": "0", "X-Kannel-DLR-Mask": "31",
        "X-Kannel-DLR-Url": f"http://127.0.0.1:9/receipts?{receipt_query(key)}",
    }  # fmt: skip
    said = pool.urlopen("POST", "/cgi-bin/sendsms", text.encode(), headers, retries=False)
    if said.status != 202:
        raise RuntimeError(said.status)


def put(first: int, last: int, of: int, starts_at: datetime) -> None:
    text = "Reminder: Li Wei and Xiaohe have a call tomorrow 19:00, terminal at Redstone."
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(first, last):
            send.apply_async(
                (f"reminder:{number}", f"+86138{number:08}", text), eta=starts_at + timedelta(seconds=60 * number / of),
                producer=producer,
            )  # fmt: skip


if __name__ == "__main__":
    put(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), datetime.fromtimestamp(float(sys.argv[4]), UTC))
