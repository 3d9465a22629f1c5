from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.bench.settings.dotenv import parse_dotenv, read_dotenv
from avatar_core.errors import ConfigError


def parse(text: str) -> dict[str, str]:
    return parse_dotenv(text, source=".env")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ("  NAME = spaced out  ", "spaced out"),
        ("export NAME=exported", "exported"),
        ("NAME=", ""),
        ("NAME=''", ""),
        ("NAME=wss://host/path?a=b", "wss://host/path?a=b"),
        ("NAME=before # a comment", "before"),
        ("NAME=part#of-it", "part#of-it"),
        ("NAME=# all comment", ""),
        ("NAME='as $it \\n stands' # comment", "as $it \\n stands"),
        ('NAME="tab\\t quote\\" back\\\\ # inside"', 'tab\t quote" back\\ # inside'),
        ("NAME=windows\r", "windows"),
    ],
)
def test_a_line_gives_its_value(line: str, value: str) -> None:
    assert parse(line) == {"NAME": value}


def test_blank_lines_and_comments_say_nothing() -> None:
    assert parse("\n# NAME=old\n   \nNAME=new\n") == {"NAME": "new"}


@pytest.mark.parametrize(
    "line",
    [
        "NAME",
        "=hunter2",
        "1NAME=hunter2",
        "NA-ME=hunter2",
        "NAME='hunter2",
        'NAME="hunter2',
        "NAME='hunter2' b",
        "NAME=hunter2's",
        'NAME="hunter2\\q"',
    ],
)
def test_a_slip_is_an_error_that_names_file_and_line_but_no_value(line: str) -> None:
    with pytest.raises(ConfigError, match=r"^\.env, line 3: ") as raised:
        parse(f"# one\nGOOD=1\n{line}\n")
    assert "hunter2" not in str(raised.value)


def test_an_error_shows_no_secret() -> None:
    with pytest.raises(ConfigError) as raised:
        parse("LIVEKIT_API_SECRET='hunter2")
    assert "hunter2" not in str(raised.value)
    assert "LIVEKIT_API_SECRET" in str(raised.value)


def test_a_name_set_twice_is_an_error_that_names_both_lines() -> None:
    with pytest.raises(ConfigError, match=r"line 3: A was set in line 1"):
        parse("A=1\nB=2\nA=3")


@given(st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",))))
def test_any_value_survives_double_quotes(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'NAME="{escaped}"') == {"NAME": value}


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        values = parse(text)
    except ConfigError:
        return
    meant = [line for line in text.split("\n") if line.strip() and not line.strip().startswith("#")]
    assert len(values) == len(meant)


def test_a_missing_file_has_no_values(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env") == {}


def test_a_file_is_read_as_utf8_with_or_without_its_mark(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfNAME=caf\xc3\xa9\r\n")
    assert read_dotenv(path) == {"NAME": "café"}


def test_a_file_that_is_no_text_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"NAME=\xff")
    with pytest.raises(ConfigError, match="UTF-8") as raised:
        read_dotenv(path)
    assert str(path) in str(raised.value)


def test_a_folder_in_its_place_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as raised:
        read_dotenv(tmp_path)
    assert str(tmp_path) in str(raised.value)
