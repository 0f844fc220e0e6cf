"""Mentions in a text: the usernames that may follow an @.

In many languages text goes on after a name without a space (`@kim看一下`, `@김철수님`), and a name
may be followed by punctuation that a name can also contain (`@kim.`). So each mention yields
several possible names, and the longest that somebody has is the one that is meant.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from chalicelib.markdown.service import remove_code

MENTIONS_MAX = 50
USERNAME_MAX = 50
PUNCTUATION = "._+-"
# Japanese keyboards also type the wide sign.
_SIGN = re.compile("[@\uff20]")
# Scripts that are written without spaces between words or before particles, by the first word of
# their characters' names in Unicode. Digits and marks have no script of their own.
_JOINED_SCRIPTS = frozenset(
    {"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO", "HANGUL"}
    | {"THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"}
)


def parse_mentions(text: str) -> list[list[str]]:
    """Return the possible names of each of the first fifty mentions, the longest name first.

    A mention is an @ and a name, outside of Markdown code. It begins after anything but a letter of
    the name's script or a digit, because `jo@kim.example` is an email address. In scripts without
    spaces it begins after anything. A name ends where no username goes on, or where the script
    changes.
    """
    text = unicodedata.normalize("NFC", text)
    if _SIGN.search(text):
        text = remove_code(text)
    return list(islice(_find_mentions(text), MENTIONS_MAX))


def _find_mentions(text: str) -> Iterator[list[str]]:
    for sign in _SIGN.finditer(text):
        name = _read_name(text, sign.end())
        if name and _can_begin(text, sign.start(), name):
            yield _list_possible_names(name)


def _read_name(text: str, start: int) -> str:
    """Return the characters of usernames from `start` on, at most one more than a name has."""
    end = start
    while end < min(len(text), start + USERNAME_MAX + 1) and _is_name_character(text[end]):
        end += 1
    return text[start:end]


def _can_begin(text: str, sign: int, name: str) -> bool:
    """Return whether a mention of `name` may begin at the @ at the index `sign`."""
    script = next((_get_script(each) for each in name if each.isalnum()), "")
    if script in _JOINED_SCRIPTS:
        return True
    for index in range(sign - 1, -1, -1):
        if not _is_name_character(text[index]):
            return True
        if text[index].isalnum():  # between it and the @ are punctuation and marks
            return text[index].isalpha() and script not in {"", _get_script(text[index])}
    return True


def _list_possible_names(run: str) -> list[str]:
    """Return the usernames with which `run` may begin, the longest first.

    `run` consists of characters of usernames. Each name is also listed without the punctuation at
    its end.
    """
    names: set[str] = set()
    script = ""  # of the last letter before `end`
    for end, character in enumerate(run):
        if _is_border(script, character):
            names |= {run[:end], run[:end].rstrip(PUNCTUATION)}
        script = _get_script(character) or script
    names |= {run, run.rstrip(PUNCTUATION)}
    return sorted((each for each in names if 0 < len(each) <= USERNAME_MAX), key=len, reverse=True)


def _is_border(script: str, after: str) -> bool:
    """Return whether a name whose last letter is of `script` may end before the character `after`.

    Punctuation and marks go on with the name, and so do digits in scripts with spaces.
    """
    if not script or not after.isalnum():
        return False
    after_script = _get_script(after)
    if script in _JOINED_SCRIPTS or after_script in _JOINED_SCRIPTS:
        return True
    return after_script not in {"", script}


def _is_name_character(character: str) -> bool:
    is_mark = unicodedata.category(character).startswith("M")
    return character.isalnum() or character in PUNCTUATION or is_mark


def _get_script(character: str) -> str:
    """Return the script of a letter, as the first word of its name; "" for other characters."""
    if not character.isalpha():
        return ""
    plain = unicodedata.normalize("NFKC", character)[0]  # without width and style
    return unicodedata.name(plain, "").partition(" ")[0]
