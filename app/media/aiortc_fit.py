"""Fits aiortc to calls on thin links: encoded voice and pictures in and out, and what we agree to with the other end.

Descriptions agree to Opus and its redundancy and to VP8 or H.264 with what repairs them, and to no header extension
that costs bytes in each packet unless it is asked for. It reaches into aiortc's own names, so `fit` looks at start
whether they are there. aiortc's classes themselves stay as they are.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import aioice
import aiortc
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
    sdp,
)
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from app.media.frames import EncodedFrame
from app.media.receiving import EncodedReceiver
from app.media.rtp_path import MediaDtls
from app.media.sdp import with_candidates_last
from app.media.sending import EncodedSender, EncodedTrack, Heard

__all__ = [
    "EncodedFrame", "EncodedReceiver", "EncodedTrack", "Heard", "PeerConnection", "UnfitError", "fit",
    "request_key_frame",
]  # fmt: skip

log = logging.getLogger(__name__)

AIORTC, AIOICE = "1.16", "0.13"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RED = "red"
INSIDES: dict[Any, tuple[str, ...]] = {
    RTCPeerConnection: (
        "_RTCPeerConnection__createTransceiver", "_RTCPeerConnection__createDtlsTransport",
        "_RTCPeerConnection__transceivers",
    ),
    RTCRtpSender: (
        "_run_rtp", "_run_rtcp", "_send_keyframe", "_retransmit", "_handle_rtcp_packet", "_RTCRtpSender__packet_count",
        "_RTCRtpSender__octet_count", "_RTCRtpSender__rtp_started", "_RTCRtpSender__rtp_exited",
        "_RTCRtpSender__rtcp_started", "_RTCRtpSender__rtcp_exited", "_RTCRtpSender__rtx_payload_type",
    ),
    RTCRtpReceiver: (
        "_run_rtcp", "_handle_rtcp_packet", "_RTCRtpReceiver__rtcp_started", "_RTCRtpReceiver__rtcp_exited",
        "_RTCRtpReceiver__rtcp_task", "_RTCRtpReceiver__rtcp_ssrc", "_RTCRtpReceiver__started",
    ),
    RTCDtlsTransport: ("_setup_srtp", "_handle_rtp_data", "_handle_rtcp_data", "_rx_srtp", "_tx_srtp", "_rtp_router"),
    aioice.Connection: ("_nominated", "_protocols"),
}  # fmt: skip


class UnfitError(RuntimeError):
    """This aiortc isn't the one that this program was made for."""


def fit() -> None:
    """Once, at start. Raise UnfitError, which says what to install."""
    for module, name, wanted in ((aiortc, "aiortc", AIORTC), (aioice, "aioice", AIOICE)):
        found = str(module.__version__)
        if found.split(".")[:2] != wanted.split("."):
            raise UnfitError(
                f"{name} {found} is installed; the media program needs {wanted}.x (pip install {name}=={wanted}.*)"
            )
    for each, names in INSIDES.items():
        known = {*dir(each), *each.__init__.__code__.co_names}
        if missing := [name for name in names if name not in known]:
            raise UnfitError(f"{each.__name__} of aiortc {aiortc.__version__} has no {', '.join(missing)}")


def request_key_frame(receiver: EncodedReceiver) -> None:
    receiver.request_key_frame()


class PeerConnection(RTCPeerConnection):
    """aiortc's, with our senders and receivers.

    Without a configuration there is no server at all, not the public one that aiortc would ask. `has_levels`: agree to
    each packet of voice saying how loud it is (RFC 6464), 8 bytes.
    """

    _RTCPeerConnection__transceivers: list[RTCRtpTransceiver]

    def __init__(self, configuration: RTCConfiguration | None = None, *, has_levels: bool = False) -> None:
        configuration = configuration or RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        super().__init__(replace(configuration, iceServers=configuration.iceServers or []))
        self._kept_extensions = {MID, LEVEL} if has_levels else {MID}

    async def setRemoteDescription(self, sessionDescription: RTCSessionDescription) -> None:  # noqa: N802, N803
        all_found = with_candidates_last(sessionDescription.sdp)
        await super().setRemoteDescription(replace(sessionDescription, sdp=all_found))
        described = sdp.SessionDescription.parse(sessionDescription.sdp)
        for media in described.media:
            for transceiver in self.getTransceivers():
                if media.kind == "audio" and transceiver.mid == media.rtp.muxId:
                    offered = [codec for codec in media.rtp.codecs if codec.payloadType in media.fmt]
                    transceiver._codecs = voice_codecs(transceiver._codecs, offered)
                    kept = [each for each in transceiver._headerExtensions if each.uri in self._kept_extensions]
                    transceiver._headerExtensions = kept

    def _RTCPeerConnection__createDtlsTransport(self) -> RTCDtlsTransport:  # noqa: N802  # aiortc's name, as Python spells it
        made: RTCDtlsTransport = super()._RTCPeerConnection__createDtlsTransport()  # type: ignore[misc]
        MediaDtls.adopt(made)
        return made

    def _RTCPeerConnection__createTransceiver(self, **asked: Any) -> RTCRtpTransceiver:  # noqa: N802  # likewise
        """aiortc's, with its sender and receiver replaced before anything knows of them."""
        plain: RTCRtpTransceiver = super()._RTCPeerConnection__createTransceiver(**asked)  # type: ignore[misc]
        transport = plain.receiver.transport
        assert isinstance(transport, MediaDtls)
        made = RTCRtpTransceiver(
            direction=plain.direction,
            kind=plain.kind,
            sender=EncodedSender(asked.get("sender_track") or plain.kind, transport),
            receiver=EncodedReceiver("audio" if plain.kind == "audio" else "video", transport),
        )
        made.receiver._set_rtcp_ssrc(made.sender._ssrc)
        made.sender._stream_id = plain.sender._stream_id
        made._bundled = plain._bundled
        self._RTCPeerConnection__transceivers[-1] = made
        return made


def voice_codecs(
    agreed: Iterable[RTCRtpCodecParameters], offered: Iterable[RTCRtpCodecParameters]
) -> list[RTCRtpCodecParameters]:
    """Opus, and redundancy of it where the other end knows it; in the order of the other end."""
    opus = [codec for codec in agreed if codec.name.lower() == "opus"]
    if not opus:
        return list(agreed)
    number = opus[0].payloadType
    found = []
    for codec in offered:
        if codec.payloadType == number:
            found.append(replace(opus[0], parameters={"minptime": 10, "useinbandfec": 1}))
        elif codec.name.lower() == RED and str(number) in str(next(iter(codec.parameters), "")).split("/"):
            found.append(replace(codec, rtcpFeedback=[], parameters={f"{number}/{number}": None}))
    return found or opus
