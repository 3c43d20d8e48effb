"""One push to the device of whoever asks for it, to see whether pushes come. It is no notice, and no text follows."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.kernel.clock import Clock
from app.notices import pushes
from app.notices.models import PushSubscription
from app.notices.ports import PushSender, Subscription
from app.notices.push_message import trial
from app.notices.pushes import Target
from app.storage.database import Database
from app.web.principals import Principal, face_of

TRY = "notice.push_trial"
AWAITED = timedelta(minutes=2)  # whoever tried it has given up by then


def put(session: Session, own: PushSubscription, who: Principal, now: datetime) -> None:
    payload = {"subscription": own.id, "language": who.language, "face": face_of(who.kind)}
    jobs.put(session, TRY, now, now, lane=Lane.ERRAND, payload=payload)


def trier(database: Database, clock: Clock, sender: PushSender | None) -> Callable[[Leased], None]:
    """Make the errand for rows of kind `TRY`."""

    def send(row: Leased) -> None:
        now = clock.now()
        with database.read() as session:
            own = session.get(PushSubscription, row.payload["subscription"])
        if sender is None or own is None or own.ended_at is not None or now > row.due_at + AWAITED:
            return
        push = trial(row.payload["language"], row.payload["face"], now)
        outcome = pushes.push_out(sender, [Target(own.id, Subscription(own.endpoint, own.p256dh, own.auth), push)])
        with database.begin() as session:
            pushes.settle(session, outcome, clock.now())

    return send
