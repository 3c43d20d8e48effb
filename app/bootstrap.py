"""The composition root: which adapter stands behind which port, and what the worker does with each kind of row."""

from dataclasses import dataclass
from pathlib import Path

from app import flows
from app.calls import housekeeping as calls_housekeeping
from app.calls import line_checks, series, timetable
from app.calls.ports import TurnIssuer
from app.config import Config
from app.desk import drafting, waiting
from app.doors import housekeeping as doors_housekeeping
from app.doors import texting
from app.gateways import blob_stores
from app.gateways import texting as texting_gateways
from app.gateways.coturn import Coturn
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.gateways.unix_doorbell import UnixDoorbell
from app.jobs.worker import Handlers
from app.kernel.clock import Clock, SystemClock
from app.kernel.doorbell import Doorbell
from app.kernel.events import EVENT_KINDS
from app.messages import errands
from app.messages.keyring import Keyring, kept_in
from app.messages.vault import Vault
from app.notices import beat, push_trial, pushes, receipts, service
from app.notices import housekeeping as notices_housekeeping
from app.notices.courier import Courier
from app.notices.outside import Outside
from app.notices.ports import Handsets, PushSender, SmsGateway
from app.notices.receipts import Receipts
from app.notices.wording import Wording
from app.roster import service as rosters
from app.roster.ports import Solver
from app.sms import housekeeping as sms_housekeeping
from app.storage.database import Database
from app.web import housekeeping
from app.web.sealing import Sealer, key_in


@dataclass(frozen=True)
class Services:
    config: Config
    database: Database
    clock: Clock
    sms: tuple[SmsGateway, ...]
    push: PushSender | None
    handsets: Handsets | None
    turn: TurnIssuer
    sealer: Sealer
    vault: Vault


def build(config: Config, clock: Clock | None = None) -> Services:
    clock = clock or SystemClock()
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    sms = texting_gateways.opened(config.sms_gateways, config.data_dir, clock)
    phones = next((each for each in sms if isinstance(each, SimulatedPhones)), None)
    return Services(
        config=config,
        database=Database(config.database_url),
        clock=clock,
        sms=sms,
        push=pusher(config, clock),
        handsets=phones if config.is_demo else None,
        turn=relay(config),
        sealer=Sealer(config.secret_key or key_in(config.data_dir)),
        vault=vault(config),
    )


def pusher(config: Config, clock: Clock) -> PushSender | None:
    if config.push_key is None or config.push_contact is None:
        return None
    from app.gateways import web_push

    return web_push.opened(config.push_key, config.push_contact, clock, allows_loopback=config.is_demo)


def vault(config: Config) -> Vault:
    keyring = Keyring(config.message_keys) if config.message_keys else kept_in(config.data_dir)
    return Vault(blob_stores.opened(config.message_store, config.data_dir), keyring)


def relay(config: Config) -> TurnIssuer:
    if not config.turn_urls:
        return DirectOnly()
    return Coturn(config.turn_urls, config.turn_secret, config.ice_policy)


def doorbell(config: Config) -> Doorbell:
    """What a worker rings; a web process hears it, and rings its own browsers by itself."""
    if config.redis_url:
        from app.gateways.redis_doorbell import RedisDoorbell

        return RedisDoorbell(config.redis_url)
    return UnixDoorbell(doorbell_path(config))


def doorbell_path(config: Config) -> Path:
    return config.data_dir / "doorbell.sock"


def handlers(services: Services) -> Handlers:
    link = f"{services.config.public_url}/phone"
    outside = Outside(services.sms, services.push, Wording(link, services.sealer))
    return Handlers(
        steps={
            line_checks.EXPIRE: lambda session, row, now: line_checks.expire(session, row.payload["check_id"], now),
            timetable.TICK: lambda session, row, now: timetable.wake(session, row.payload["call_id"], row.due_at, now),
            series.EXTEND: lambda session, row, now: series.extend(session, row.payload["series_id"], now),
            housekeeping.KIND: housekeeping.sweep,
            calls_housekeeping.KIND: calls_housekeeping.sweep,
            doors_housekeeping.KIND: doors_housekeeping.sweep,
            pushes.SWEEP: pushes.sweep,
            notices_housekeeping.KIND: notices_housekeeping.sweep,
            sms_housekeeping.KIND: sms_housekeeping.sweep,
            texting.KIND: texting.texter(services.sealer),
            waiting.KIND: waiting.offer,
            service.UNANSWERED: service.unanswered,
            **errands.STEPS,
            **{f"event:{kind}": flows.follow for kind in EVENT_KINDS},
        },
        errands={
            rosters.SOLVE: drafting.drafter(services.database, services.clock, solver),
            push_trial.TRY: push_trial.trier(services.database, services.clock, services.push),
            beat.KIND: beat.beater(services.database, services.clock, services.sms),
            **errands.errands(services.database, services.clock, services.vault),
        },
        batches={service.DELIVER: Courier(outside), receipts.KIND: Receipts()},
    )


def solver() -> Solver:
    """What drafts rosters. It is large, and loaded by the first draft alone: a web program never is the one."""
    from app.gateways.highs import Highs

    return Highs()
