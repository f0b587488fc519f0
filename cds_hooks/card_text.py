"""The text of a card: what fits, what is shortened, what may stand in it.

Nothing is left out in silence: what does not fit is cut to its title, and what does not even fit as a title
is counted. Engine wording here is about the evaluation only; everything else is the content's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

log = logging.getLogger("cds_hooks")

LONGEST_SUMMARY = 139
"""CDS Hooks: fewer than 140 characters, counted in code points."""
LONGEST_DETAIL = 1500
"""What a clinician reads on one card; counted in code points after escaping."""
LONGEST_CLOSING = 300
ELLIPSIS = "\u2026"
UNSAFE_LINK = re.compile(r"\]\((?!https://)")


@dataclass(frozen=True, slots=True)
class Block:
    """One leaf's part of the detail: its text, and the title that stands for it when room is short."""

    title: str
    text: str


def summary_of(title: str, action_id: str) -> str:
    """One line of at most 139 code points; a longer one is cut at a word and logged."""
    line = " ".join(title.split())
    if len(line) > LONGEST_SUMMARY:
        log.warning("action=%s the summary has %d characters and was cut", action_id, len(line))
        line = cut(line, LONGEST_SUMMARY)
    return line


def cut(text: str, most: int) -> str:
    """At most ``most`` code points, ending at a word, with an ellipsis when something is missing."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    # A text without any blank has no word to end at.
    word = head.rpartition(" ")[0] or head
    return word.rstrip(" ,;:-") + ELLIPSIS


def safe(markdown: str) -> str:
    """No HTML and no link but https, whatever a patient's data carried into the text."""
    escaped = markdown.replace("<", "&lt;") if "<" in markdown else markdown
    return UNSAFE_LINK.sub(r"]\\(", escaped) if "](" in escaped else escaped


def detail_of(opening: str, blocks: Sequence[Block], notes: Sequence[str], action_id: str) -> str:
    """The detail of a card: opening, a block per leaf in rank order, then the notes.

    Args:
        opening: the card's own text; its last paragraph is kept whatever happens.
        blocks: leaves in rank order; from the last one backwards a text gives way to its title.
        notes: what could not be evaluated; always kept.
        action_id: for the log.

    Returns:
        At most 1,500 code points of Markdown (paragraphs, emphasis, flat lists, links), "" for nothing.
    """
    texts = [safe(block.text) for block in blocks]
    titles = [_in_the_form_of(block.text, safe(block.title)) for block in blocks]
    head, tail = safe(opening.strip()), [safe(note) for note in notes]
    whole = _joined([head, *texts, *tail])
    if len(whole) <= LONGEST_DETAIL:
        return whole
    for position in range(len(texts) - 1, -1, -1):
        texts[position] = min(titles[position], texts[position], key=len)
        whole = _joined([head, *texts, *tail])
        if len(whole) <= LONGEST_DETAIL:
            log.warning("action=%s %d leaves were shortened", action_id, len(texts) - position)
            return whole
    return _squeezed(head, texts, tail, action_id)


def _squeezed(head: str, titles: list[str], tail: list[str], action_id: str) -> str:
    """Not even titles fit: the opening is cut down to its closing paragraph, then leaves are counted."""
    log.warning("action=%s the detail does not fit with titles alone", action_id)
    opening, _, closing = head.rpartition("\n\n")
    if len(closing) > LONGEST_CLOSING:
        opening, closing = head, ""
    room = LONGEST_DETAIL - len(_joined([closing, *titles, *tail])) - 2
    if room > 20 or not titles:
        fitted = _joined([cut(opening, max(room, 20)), closing, *titles, *tail])
        return cut(fitted, LONGEST_DETAIL)
    kept = len(titles)
    while kept:
        kept -= 1
        more = f"{ELLIPSIS} and {len(titles) - kept} more that do not fit here."
        fitted = _joined([closing, *titles[:kept], more, *tail])
        if len(fitted) <= LONGEST_DETAIL:
            return fitted
    return cut(fitted, LONGEST_DETAIL)


def _in_the_form_of(text: str, title: str) -> str:
    return f"- {title}" if text.lstrip().startswith("- ") else title


def _joined(parts: Sequence[str]) -> str:
    """Paragraphs apart, items of one list together."""
    whole = ""
    previous_is_item = False
    for part in parts:
        part = part.strip()
        if not part:
            continue
        is_item = part.startswith("- ")
        if whole:
            whole += "\n" if is_item and previous_is_item else "\n\n"
        whole += part
        previous_is_item = is_item
    return whole


def plain(markdown: str) -> str:
    """Without list mark and emphasis, for members that clients show as plain text."""
    return markdown.strip().removeprefix("- ").replace("**", "")
