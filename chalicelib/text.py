"""Unicode text: the forms in which it is stored and compared.

Text is stored in NFC, so that a text has one spelling however it was typed (Unicode Standard
Annex 15). Names that must be unique are compared by `fold_name`.
"""

import re
import unicodedata

# These are parts of character classes, in a form that JSON Schema can read too.
# C0 and C1 controls, DEL, and the line and paragraph separators:
CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
# The property Default_Ignorable_Code_Point (DerivedCoreProperties.txt of Unicode 16) without the
# supplementary planes, and the blank Braille pattern:
INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
)
_ALL_INVISIBLE = INVISIBLE + r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
# Nonspacing and spacing marks.
MARKS = frozenset({"Mn", "Mc"})
# White space, and the characters that stand for it without a width.
_EDGE = r"[\s\u200b\u2060\ufeff]+"

# These patterns take long to compile, so `re` compiles them when they are first used.
_VISIBLE = rf"[^\s{CONTROLS}{_ALL_INVISIBLE}]"
_INVISIBLE = f"[{_ALL_INVISIBLE}]"
_CONTROL = re.compile(f"[{CONTROLS}]")
_EDGES = re.compile(rf"\A{_EDGE}|{_EDGE}\Z")


def remove_unstorable(text: str) -> str:
    """Return `text` without what no text may contain: controls but tabs and ends of lines, and
    unpaired surrogates."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", "", text)


def to_nfc(text: str) -> str:
    """Return `text` in normalization form C."""
    return unicodedata.normalize("NFC", text)


def normalize_password(password: str) -> str:
    """Return the form in which a password is hashed and compared (NIST SP 800-63B-4, 3.1.1.2).

    The same password is typed as other code points on another operating system.
    """
    return unicodedata.normalize("NFKC", password)


def fold_name(name: str) -> str:
    """Return the form by which names are unique.

    Compatibility forms, upper and lower case and the amount of white space make no difference.
    """
    collapsed = " ".join(unicodedata.normalize("NFKC", name).split())
    return unicodedata.normalize("NFKC", collapsed.casefold())


def trim(text: str) -> str:
    """Return `text` without white space at its ends."""
    return _EDGES.sub("", text)


def to_line(text: str) -> str:
    """Return `text` as one line that can be stored; empty if a reader could see nothing of it."""
    storable = _CONTROL.sub("", remove_unstorable(" ".join(text.split())))
    return trim(to_nfc(storable)) if has_visible_character(storable) else ""


def has_visible_character(text: str) -> bool:
    """Return whether a reader can see anything of `text`."""
    return re.search(_VISIBLE, text) is not None


def has_control_character(text: str) -> bool:
    """Return whether `text` contains a control character, such as a tab or the end of a line."""
    return _CONTROL.search(text) is not None


def remove_invisible(text: str) -> str:
    """Return `text` without its invisible characters."""
    return re.sub(_INVISIBLE, "", text)


def is_username_text(text: str) -> bool:
    """Return whether `text` has only letters with their marks, digits and `_ . + -`.

    A mark belongs to a letter, so it cannot come first. Invisible characters are no letters.
    """
    categories = [unicodedata.category(character) for character in text]
    if not categories or categories[0] in MARKS or re.search(_INVISIBLE, text):
        return False
    return all(
        category[0] in "LN" or category in MARKS or character in "_.+-"
        for character, category in zip(text, categories, strict=True)
    )
