"""The `.env` format: KEY=VALUE lines, quotes, comments. Strict, so that a slip is an error and not a wrong key.

Which names matter, and what stands above a `.env` file, is decided in avatar_core.bench.settings.config.
"""

import re
from pathlib import Path

from avatar_core.errors import ConfigError

_ASSIGNMENT = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"""(?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)")\s*(?:\#.*)?""")
_COMMENT = re.compile(r"(?:^|\s+)#.*")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}


def read_dotenv(path: Path) -> dict[str, str]:
    """Names and values of the file; a missing file has none.

    Raises ConfigError, which names file and line and never holds a value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    return parse_dotenv(text, source=str(path))


def parse_dotenv(text: str, *, source: str) -> dict[str, str]:
    """Names and values in `text`; `source` is the file's name for errors.

    A line is empty, a comment, or `NAME=VALUE`, with `export` before it if you like. Unquoted values end at ` #`;
    single quotes take everything as it stands; double quotes know the escapes of n, r, t, backslash, quote and
    dollar. Nothing is expanded and no value spans lines. Raises ConfigError for anything else and for a name set twice.
    """
    values: dict[str, str] = {}
    set_at: dict[str, int] = {}
    for number, raw_line in enumerate(text.split("\n"), start=1):
        line = raw_line.strip()
        if not line or line.startswith("#"):
            continue
        where = f"{source}, line {number}"
        assignment = _ASSIGNMENT.fullmatch(line)
        if assignment is None:
            raise ConfigError(f"{where}: this is not NAME=VALUE. Write a comment with # before it.")
        name = assignment["name"]
        if name in values:
            raise ConfigError(f"{where}: {name} was set in line {set_at[name]} already. Keep one of the two.")
        values[name] = _value(assignment["value"], where=f"{where}: {name}")
        set_at[name] = number
    return values


def _value(text: str, *, where: str) -> str:
    if text[:1] not in ("'", '"'):
        value = _COMMENT.sub("", text)
        if "'" in value or '"' in value:
            raise ConfigError(f"{where} has a quote inside. Put the whole value in quotes.")
        return value
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise ConfigError(f"{where} has a quote that does not close, or something after the closing one.")
    if quoted["single"] is not None:
        return quoted["single"]

    def unescape(escape: re.Match[str]) -> str:
        if escape[1] not in _ESCAPES:
            raise ConfigError(
                f"{where} has an unknown escape after a backslash. Use single quotes to take it as it is."
            )
        return _ESCAPES[escape[1]]

    return _ESCAPE.sub(unescape, quoted["double"])
