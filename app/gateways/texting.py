"""Which gateway an address of `HOMETHREAD_SMS_GATEWAYS` means. What else it says is read by each gateway's own file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from app.config import BadSetting
from app.gateways.africas_talking import AfricasTalking
from app.gateways.aliyun import Aliyun
from app.gateways.kannel import Kannel
from app.gateways.modem import Modem
from app.gateways.simulated_phones import SimulatedPhones
from app.gateways.twilio import Twilio
from app.kernel.clock import Clock
from app.notices.ports import SmsGateway

Opened = Callable[[str, Path, Clock], SmsGateway]


def _simulated(_url: str, data_dir: Path, clock: Clock) -> SmsGateway:
    return SimulatedPhones(data_dir / "simulated-phones.sqlite", clock)


def _smpp(url: str, data_dir: Path, clock: Clock) -> SmsGateway:
    try:
        from app.gateways.smpp import Smpp
    except ModuleNotFoundError as missing:
        raise BadSetting("HOMETHREAD_SMS_GATEWAYS: smpp needs its library: pip install 'homethread[smpp]'") from missing
    return Smpp(url, data_dir, clock)


GATEWAYS: dict[str, Opened] = {
    "africastalking": AfricasTalking,
    "aliyun": lambda url, _data_dir, clock: Aliyun(url, clock),
    "kannel": lambda url, _data_dir, _clock: Kannel(url),
    "modem": lambda url, _data_dir, clock: Modem(url, clock),
    "simulated": _simulated,
    "smpp": _smpp,
    "twilio": lambda url, _data_dir, _clock: Twilio(url),
}


def opened(urls: Sequence[str], data_dir: Path, clock: Clock) -> tuple[SmsGateway, ...]:
    """The gateways of these addresses, in their order, none of them called yet. Raises BadSetting."""
    return tuple(_opened(url, data_dir, clock) for url in urls)


def _opened(url: str, data_dir: Path, clock: Clock) -> SmsGateway:
    kind = urlsplit(url).scheme
    if kind not in GATEWAYS:
        raise BadSetting(f"HOMETHREAD_SMS_GATEWAYS: {kind!r} is no gateway; there are {', '.join(sorted(GATEWAYS))}")
    try:
        return GATEWAYS[kind](url, data_dir, clock)
    except ValueError as wanted:
        raise BadSetting(f"HOMETHREAD_SMS_GATEWAYS: {kind} must be {wanted}") from wanted
