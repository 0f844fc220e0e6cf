"""Words of a text, as the search index and the search text have them.

A word is found by its beginning, so of two terms that begin alike only the longer one is indexed.
Scripts without spaces between words are indexed by overlapping pairs of characters, as Lucene's
CJKBigramFilter does.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from chalicelib.text import MARKS, remove_invisible

# Of each word only the beginning is indexed.
MAX_TERM_LENGTH = 40

# Han, kana, bopomofo, Hangul; Thai, Lao, Myanmar, Khmer; the scripts of the Tai languages,
# Balinese and Javanese. The pattern takes long to compile, so `re` compiles it with its first use.
_UNSPACED = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f"
    r"\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u302f\u3031-\u303b\u3041-\u30fa\u30fc-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua9df\ua9e0-\ua9ff\uaa60-\uaadf\uac00-\ud7ff\uf900-\ufaff"
    r"\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_HANGUL = r"[\uac00-\ud7a3]+"
# Hyphens and apostrophes of several scripts, and the middle dot of Catalan.
_JOINERS = "'\u2019\u2018\u2010\u00b7\u05be\u05f3\u05f4-"
_JOINER = re.compile(f"[{_JOINERS}]")
# A zero width space separates words, a zero width non-joiner may stand for a hyphen (Persian), and
# the letter U+02BC is an apostrophe.
_REPLACED = str.maketrans({"\u200b": " ", "\u200c": "-", "\u02bc": "'"})
# Canonical combining classes of marks that are not accents: vowel signs, the voicing of kana,
# viramas, and the vowels and tones of Telugu, Thai, Lao and Tibetan.
_NOT_ACCENTS = frozenset({0, 6, 8, 9, *range(84, 133)})

# These match the shape of a text: see `_character_class`.
_WORD = re.compile(r"u[um]*|w[wm]*(?:jw[wm]*)*")
_UNIT = re.compile(r"um*")
_SIGNS_BEHIND = re.compile(r"[+#]*")
_SIGNS_BEFORE = ".#"


class Word(NamedTuple):
    """A word of a text.

    `parts` are what hyphens and apostrophes separate or, if `is_unspaced`, the characters with
    their marks. `before` and `behind` are the signs attached to the word, as in `#12` and `c++`.
    `is_joined_before` and `is_joined_behind` tell whether another word is on the other side of
    the signs.
    """

    parts: tuple[str, ...]
    is_unspaced: bool
    before: str = ""
    behind: str = ""
    is_joined_before: bool = False
    is_joined_behind: bool = False


def fold(text: str) -> str:
    """Return `text` without compatibility forms, case, accents and invisible characters.

    Marks that are not accents remain, because other words differ by them.
    """
    visible = remove_invisible(unicodedata.normalize("NFKC", text).translate(_REPLACED))
    decomposed = unicodedata.normalize("NFKD", visible.casefold())
    plain = "".join(each for each in decomposed if unicodedata.combining(each) in _NOT_ACCENTS)
    return unicodedata.normalize("NFC", plain)


def split_words(text: str) -> Iterator[Word]:
    """Yield the words of `text`, folded."""
    folded = fold(text)
    shape = "".join(map(_character_class, folded))
    for match in _WORD.finditer(shape):
        start, end = match.span()
        if match[0].startswith("u"):
            units = _UNIT.finditer(shape, start, end)
            parts = tuple(_decompose_hangul(folded[slice(*unit.span())]) for unit in units)
            yield Word(parts, is_unspaced=True)
            continue
        ahead = shape[max(start - 2, 0) : start].rjust(2)
        has_sign = ahead[1] in _SIGNS_BEFORE and ahead[0] not in "+.#"
        signs_end = _SIGNS_BEHIND.match(shape, end).end()  # type: ignore[union-attr]
        has_signs_behind = signs_end > end
        yield Word(
            tuple(_JOINER.split(folded[start:end])),
            is_unspaced=False,
            before=ahead[1] if has_sign else "",
            behind=folded[end:signs_end],
            is_joined_before=has_sign and ahead[0] in "wum",
            is_joined_behind=has_signs_behind and shape[signs_end : signs_end + 1] in ("w", "u"),
        )


def index_terms(word: Word) -> Iterator[str]:
    """Yield the terms by which a word of a task is found."""
    parts, count = word.parts, len(word.parts)
    if word.is_unspaced:
        # The last character begins no pair.
        terms = ["".join(parts[start : start + 2]) for start in range(count)]
    else:
        # `e-mail` is found by `email`, `e` and `mail`. A part has at least one character.
        terms = [
            "".join((*parts[start : start + MAX_TERM_LENGTH], word.behind))
            for start in range(count)
        ]
        if word.before:
            terms.append(word.before + terms[0])
    for term in terms:
        yield term[:MAX_TERM_LENGTH]


def query_prefixes(word: Word) -> list[list[str]]:
    """Return the beginnings that a word of a search text stands for.

    The word matches if all the beginnings of one of the lists match. Signs between two words only
    separate them, as in `node.js` and `issue#12`, except in words like `c++17`.
    """
    parts = word.parts
    if word.is_unspaced:
        alternatives = [["".join(pair) for pair in pairwise(parts)] or list(parts)]
    else:
        before = "" if word.is_joined_before else word.before
        keeps_behind = not word.is_joined_behind or word.behind.startswith("++")
        signed = [*parts]
        signed[0] = before + signed[0]
        signed[-1] += word.behind if keeps_behind else ""
        alternatives = [["".join(signed)]]
        if len(parts) > 1:
            alternatives.append(signed)
    return [
        list(dict.fromkeys(prefix[:MAX_TERM_LENGTH] for prefix in each)) for each in alternatives
    ]


def earlier_terms(text: str) -> list[str]:
    """Return the terms that earlier versions of this service indexed for `text`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    words = re.findall(r"[^\W_]+", plain)
    return list(dict.fromkeys(word[:MAX_TERM_LENGTH] for word in words))


@lru_cache(maxsize=4096)
def _character_class(character: str) -> str:
    """Return one character for the kind of `character`.

    `w` stands for a letter or digit, `u` for one of a script without spaces, `m` for a mark, `j`
    for a hyphen or an apostrophe; the signs `.`, `#` and `+` stand for themselves, and a space for
    everything else.
    """
    if character in ".#+":
        return character
    if character in _JOINERS:
        return "j"
    category = unicodedata.category(character)
    if category in MARKS:
        return "m"
    if category[0] not in "LN":
        return " "
    return "u" if re.match(_UNSPACED, character) else "w"


def _decompose_hangul(text: str) -> str:
    """Return `text` with syllables of Hangul as letters: the beginning of a syllable finds it."""
    return re.sub(_HANGUL, lambda match: unicodedata.normalize("NFD", match[0]), text)
