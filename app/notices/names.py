"""Names, places and free words as a text has room for them, in letters that don't double its price.

Accents are dropped from names, and quotes and dashes made plain ones, only where the whole text fits into GSM-7 by it
(`templates.render`): a name is read without its accents, while half the room is lost with them. What somebody wrote
themselves keeps its letters, since in many languages another letter is another word; a national shift table
(`segments`) carries them where the sender can.
"""

import re
import unicodedata

from app.notices.segments import GSM_BASIC, Encoding, well_formed

# Letters with strokes, which Unicode does not take apart.
STROKES = str.maketrans("łŁđĐħĦıŧŦ", "lLdDhHitT") | {ord("œ"): "oe", ord("Œ"): "OE", ord("þ"): "th", ord("Þ"): "Th"}
TYPOGRAPHY = str.maketrans("“”„«»‘’‚′–—−‐‑•·\u00a0\u2009\u202f", '"""""\'\'\'\'-----*.   ') | {ord("…"): "..."}
JOINERS = "\u200c\u200d"  # inside words of some scripts, and inside emoji


def short_name(name: str) -> str:
    """A name as a text has room for it: the given name in letters, at most five Chinese characters."""
    first = re.split(r"[\s·•]", visible(name).strip())[0]
    return first[:5] if _is_chinese(first) else first[:12].strip("-")


def short_place(name: str) -> str:
    whole = " ".join(visible(name).split())
    return whole[:8] if _is_chinese(whole) else whole[:16].strip()


def visible(words: str) -> str:
    """Without what can't be seen and may turn the direction of all that follows; lines stay lines."""
    lines = well_formed(words).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in lines if c == "\n" or c in JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def typed(words: str) -> str:
    """What somebody wrote, as it is sent: visible, composed, with plain quotes where only they are not in GSM-7."""
    whole = unicodedata.normalize("NFC", visible(words)).strip()
    plain = whole.translate(TYPOGRAPHY)
    return plain if Encoding.GSM7.holds(plain) else whole


def plain(word: str) -> str:
    """Without the accents, strokes and dashes that GSM-7 lacks, where it has the letter without."""
    return "".join(c if c in GSM_BASIC else _plain(c) for c in word.translate(TYPOGRAPHY))


def _plain(c: str) -> str:
    stroked = c.translate(STROKES)
    bare = unicodedata.normalize("NFKD", stroked)[0] if len(stroked) == 1 else stroked
    return bare if GSM_BASIC.issuperset(bare) else c


def _is_chinese(word: str) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in word)
