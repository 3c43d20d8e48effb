"""The worker program: leases due rows, and hears what gateways bring in, until it is told to stop."""

import signal
from types import FrameType

from app import bootstrap
from app.bootstrap import Services
from app.calls import housekeeping as calls_housekeeping
from app.config import Config
from app.doors import housekeeping as doors_housekeeping
from app.families import endings
from app.jobs.alarm import Alarm, rouse_after_commit
from app.jobs.worker import Worker
from app.kernel.clock import Clock
from app.messages import retention
from app.notices import beat, pushes
from app.notices import housekeeping as notices_housekeeping
from app.programs.listening import Listeners, Take
from app.sms import housekeeping as sms_housekeeping
from app.sms import inbox
from app.web import hints, housekeeping


def run(config: Config, clock: Clock | None = None) -> None:
    services = bootstrap.build(config, clock)
    hints.ring_after_commit(services.database, bootstrap.doorbell(config))
    with services.database.begin() as session:
        housekeeping.start(session, services.clock.now())
        calls_housekeeping.start(session, services.clock.now())
        doors_housekeeping.start(session, services.clock.now())
        endings.start(session, services.clock.now())
        notices_housekeeping.start(session, services.clock.now())
        sms_housekeeping.start(session, services.clock.now())
        pushes.start(session, services.clock.now())
        beat.start(session, services.clock.now())
        retention.start(session, services.clock.now())
    worker = Worker(services.database, services.clock, bootstrap.handlers(services))
    worker.stop = alarm = Alarm()
    rouse_after_commit(services.database, alarm)
    listeners = Listeners(services.sms, lambda gateway: _taker(services, gateway.name), worker.stop)

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    listeners.start()
    worker.run()
    listeners.join()


def _taker(services: Services, gateway: str) -> Take:
    return lambda arrivals: inbox.take(services.database, services.clock, gateway, arrivals)
