"""Text and HTML: escaping, and the little Markdown that descriptions are written in."""

import re
from html import escape

__all__ = ["escape", "inline", "paragraphs"]

_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


def inline(text: str) -> str:
    """One line as HTML: `code` and **strong**; all else is shown as it is."""
    pieces, end = [], 0
    for match in _INLINE.finditer(text):
        code, strong = match.groups()
        pieces.append(escape(text[end : match.start()]))
        pieces.append(f"<code>{escape(code)}</code>" if code is not None else f"<strong>{escape(strong)}</strong>")
        end = match.end()
    return "".join(pieces) + escape(text[end:])


def paragraphs(text: str) -> str:
    """Paragraphs and lists (`- ...`) as HTML, parted by empty lines."""
    return "".join(_block(block) for block in text.strip().split("\n\n") if block.strip())


def _block(block: str) -> str:
    if not block.startswith("- "):
        return f"<p>{_one_line(block)}</p>"
    points = re.split(r"^- ", block, flags=re.MULTILINE)[1:]
    return f"<ul>{''.join(f'<li>{_one_line(point)}</li>' for point in points)}</ul>"


def _one_line(text: str) -> str:
    return inline(" ".join(text.split()))
