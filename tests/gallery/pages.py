"""The gallery's one page: a row of pictures for each screen."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Homethread: gallery</title>
<style>
  body { margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; background: #ece4d4; color: #2e2622; }
  h2 { position: sticky; inset-block-start: 0; padding: .5rem 0; background: inherit; background-color: #ece4d4; }
  section > div { display: flex; gap: 1rem; align-items: end; overflow-x: auto; padding-block-end: 1rem; }
  img { display: block; block-size: 17rem; border: 1px solid #8a7660; }
  figure { margin: 0; flex: none; } figcaption, nav { font-size: .8rem; }
</style>
"""


def write(folder: Path, titles: Iterable[str]) -> Path:
    """`index.html` over the pictures that lie in the folder as TITLE--LOOK.png."""
    rows = [(title, sorted(folder.glob(f"{title}--*.png"))) for title in titles]
    shown = [(title, pictures) for title, pictures in rows if pictures]
    links = " · ".join(f'<a href="#{title}">{escape(title)}</a>' for title, _ in shown)
    page = folder / "index.html"
    page.write_text(HEAD + f"<nav>{links}</nav>\n" + "\n".join(_row(*row) for row in shown) + "\n</html>\n")
    return page


def _row(title: str, pictures: list[Path]) -> str:
    figures = "".join(
        f'<figure><a href="{picture.name}"><img src="{picture.name}" alt="" loading="lazy"></a>'
        f"<figcaption>{escape(picture.stem.partition('--')[2])}</figcaption></figure>"
        for picture in pictures
    )
    return f'<section id="{title}"><h2>{escape(title)}</h2><div>{figures}</div></section>'
