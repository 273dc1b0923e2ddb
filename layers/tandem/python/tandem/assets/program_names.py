"""The name under which a program is kept, whatever version, architecture or language its installer put into the name:
`7-Zip 23.01 (x64)` and `7-Zip 24.08 (x64 edition)` are `7-zip`.

A number that belongs to the name stays: years (`Office 2019`) and single numbers (`Windows 11`) are no versions, and
`.NET Runtime 8.0.1` and `Python 3.11.4` lose theirs.
"""

import re
from functools import lru_cache

_LONGEST = 200

_ARCHITECTURE = r"(?:x64|x86[_-]64|x86|x32|arm64|aarch64|amd64|i[3-6]86|(?:32|64)[ -]?bits?|win(?:32|64))"
_LANGUAGE = r"(?:[a-z]{2,3}-(?:[a-z]{4}-)?[a-z]{2}|english|deutsch|german|français|french|español|spanish|italiano)"
_VERSION = r"v?\d+(?:\.\d+)+(?:[-_.+]?[a-z]{0,6}\d*[a-z]?)"

# "(x64)", "(64-bit edition)", "(x64 en-US)", "(User)", "[1.2.3]". Parts stand apart, so that there is one way to read
# them.
_PART = rf"(?:{_ARCHITECTURE}|{_LANGUAGE}|{_VERSION}|edition|version|user|machine|all users|64|32)"
_BRACKETED = re.compile(rf"[(\[]\s*{_PART}(?:[\s,]+{_PART})*(?:\s[a-z]{{2}})?\s*[)\]]")
_WORD = re.compile(rf"(?<![\w.]){_ARCHITECTURE}(?![\w.])")
_NUMBER = re.compile(rf"(?<![\w.])(?:version\s+|ver\.?\s+|release\s+)?{_VERSION}(?![\w.])")
_UPDATE = re.compile(r"(?<=\d)\s+(?:update|build)\s+\d+\b")
_TRAILING_LANGUAGE = re.compile(rf"\s+-\s+{_LANGUAGE}$")
_SPACE = re.compile(r"\s+")
_EDGES = " -–_,;:"


@lru_cache(maxsize=8192)  # an inventory names the same few thousand programs for every device
def normal_program(name: str) -> str:
    """The normalized name; of one that is nothing but a version, the name itself. Empty if there is no name."""
    whole = _SPACE.sub(" ", name[:_LONGEST].replace("®", "").replace("™", "").casefold()).strip()
    text = _TRAILING_LANGUAGE.sub("", whole)
    for pattern in (_BRACKETED, _NUMBER, _UPDATE, _WORD):
        text = pattern.sub(" ", text)
    text = _SPACE.sub(" ", text).strip(_EDGES)
    text = _TRAILING_LANGUAGE.sub("", text).strip(_EDGES)
    return text or whole
