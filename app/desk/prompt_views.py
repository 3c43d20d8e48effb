"""The desk's routes about prompts: the page, recording, removing and bringing back, packs out and in."""

from urllib.parse import quote

from flask import Response, request

from app.calls.shapes import Nothing
from app.desk import prompting
from app.desk.prompt_shapes import PromptIn, PromptsPage, RecordedShape, RegionIn, TakenShape
from app.villages import queries
from app.villages.packs import MIME
from app.villages.words import Speech
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import COORDINATOR, allow, known

api = Api("prompts")


@api.query("/desk/prompts", COORDINATOR, gives=PromptsPage)
def prompts_page(ask: Ask) -> PromptsPage:
    """List every sentence that a terminal can say, and whose recording of it is heard here."""
    return prompting.page(ask.session, ask.who)


@api.command("POST", "/prompts", COORDINATOR, gives=RecordedShape, takes=PromptIn, status=201)
def record_prompt(ask: Ask, body: PromptIn) -> RecordedShape:
    """Keep a sentence as the village says it; a newer recording takes the place of the older one."""
    return RecordedShape(id=prompting.record_prompt(ask.session, ask.who, body.key, body.recording, ask.now))


@api.command("DELETE", "/prompts/<prompt_id>", COORDINATOR, gives=Nothing)
def remove_prompt(ask: Ask, prompt_id: str) -> Nothing:
    """Say it no more; it can be brought back for a quarter of an hour."""
    prompting.remove(ask.session, ask.who, prompt_id, ask.now)
    return Nothing()


@api.command("POST", "/prompts/<prompt_id>/bring_back", COORDINATOR, gives=Nothing)
def bring_back_prompt(ask: Ask, prompt_id: str) -> Nothing:
    """Undo a removal."""
    prompting.bring_back(ask.session, ask.who, prompt_id, ask.now)
    return Nothing()


@api.command("POST", "/village/region", COORDINATOR, gives=Nothing, takes=RegionIn)
def set_region(ask: Ask, body: RegionIn) -> Nothing:
    """Say by a word which villages speak alike."""
    prompting.set_region(ask.session, ask.who, body.region, ask.now)
    return Nothing()


@api.command("POST", "/prompts/share", COORDINATOR, gives=TakenShape)
def share_prompts(ask: Ask) -> TakenShape:
    """Let the villages of the region hear what this one has recorded."""
    return prompting.share(ask.session, ask.who, ask.now)


@api.command("POST", "/prompts/pack", COORDINATOR, gives=TakenShape)
def take_pack(ask: Ask) -> TakenShape:
    """Take in a pack as the village's own; the body is the zip itself."""
    return prompting.take(ask.session, ask.who, Speech.VILLAGE, request.get_data(), ask.now)


@api.command("POST", "/prompts/pack/region", COORDINATOR, gives=TakenShape)
def take_pack_for_region(ask: Ask) -> TakenShape:
    """Take in a pack for all villages of the region; the body is the zip itself."""
    return prompting.take(ask.session, ask.who, Speech.REGION, request.get_data(), ask.now)


@api.blueprint.get("/prompts/pack")
@allow(COORDINATOR)
def pack() -> Response:
    """What this village has recorded, as a zip to keep."""
    with floor().database.read() as session:
        ask = Ask(session, known(), floor().now())
        name = queries.village(session, ask.who.village).name
        response = Response(prompting.pack(session, ask.who, ask.now), content_type=MIME)
    kept_as = quote(f"{name} {ask.now:%Y-%m-%d}.prompts.zip")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{kept_as}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
