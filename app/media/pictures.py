"""What the payload of an RTP packet says of the picture in it: whether one begins that needs no other. Pure.

VP8: RFC 7741 sections 4.2 and 4.3; H.264: RFC 6184 section 5. What can't be read begins nothing.
"""

_IDR, _SPS, _STAP_A, _FU_A = 5, 7, 24, 28


def begins_key_frame(codec: str, payload: bytes) -> bool:
    if codec == "vp8":
        return _vp8(payload)
    return codec == "h264" and _h264(payload)


def _vp8(payload: bytes) -> bool:
    """The first packet of the first partition, and the bit of the frame's own header."""
    if not payload or payload[0] & 0x17 != 0x10:  # S, and partition 0
        return False
    place = 1
    if payload[0] & 0x80:  # extended
        flags = payload[1] if len(payload) > 1 else 0
        place = 2
        if flags & 0x80:  # a picture ID, of one byte or two
            place += 2 if len(payload) > place and payload[place] & 0x80 else 1
        place += bool(flags & 0x40) + bool(flags & 0x30)
    return place < len(payload) and not payload[place] & 1


def _h264(payload: bytes) -> bool:
    if not payload:
        return False
    unit = payload[0] & 0x1F
    if unit == _FU_A:
        return len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F in (_IDR, _SPS)
    if unit == _STAP_A:
        return len(payload) > 3 and payload[3] & 0x1F in (_IDR, _SPS)
    return unit in (_IDR, _SPS)
