"""What the worker does about messages, by the kinds of its rows."""

from collections.abc import Mapping

from app.jobs.worker import Errand, Step
from app.kernel.clock import Clock
from app.messages import dropping, life, looking, renditions, retention
from app.messages.vault import Vault
from app.messages.words import DROP, DUE, FORGET, LOOK, RENDER, STRAYS, SWEEP
from app.storage.database import Database

STEPS: Mapping[str, Step] = {DUE: life.due, FORGET: retention.forget, SWEEP: retention.sweep}


def errands(database: Database, clock: Clock, vault: Vault) -> dict[str, Errand]:
    return {
        LOOK: looking.looker(database, clock, vault),
        DROP: dropping.dropper(database, vault),
        RENDER: renditions.renderer(database, clock, vault),
        STRAYS: retention.strays(database, clock, vault),
    }
