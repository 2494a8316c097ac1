"""No literal survives: planted secrets, in every place and form of every dialect, whole and truncated.

`make test` plants a few; MERCURY_PROPERTIES=full plants 1,000.
"""

import os
import random
import re
import string

import pytest
from sql_literals import ALL, forms, places

import mercury
from mercury.core import backend
from mercury.core.records import DIALECTS
from mercury.errors import MercuryError

FULL = os.environ.get("MERCURY_PROPERTIES") == "full"
SECRETS = 1000 if FULL else 8 if backend().name == "native" else 2

GLUE = [
    "", "", " ", "'", "''", "\\", "\\'", '"', "--", "/*", "*/", "$", "$$", "$q$", "%s", "%(a)s", "?", ";", "\n", "\r\n",
    "[", "]", "(", ")", "{", "}", "\xe9", "`", "#", "::", ":", ".", ",", "=", "@", "!", "|", "&", "\t", "\0", "]'",
]  # fmt: skip


def secret(generator, plain=False):
    """Digits, or runs of letters and digits with anything that means something to a lexer between them."""
    if generator.randrange(4) == 0:
        return str(generator.randrange(10**9, 10**16))
    alphabet = string.ascii_lowercase + string.digits
    runs = ["".join(generator.choice(alphabet) for _ in range(generator.randrange(6, 14))) for _ in range(3)]
    return "".join(runs) if plain else generator.choice(GLUE).join(runs) + generator.choice(["", "'", "\\", "$", "]"])


def traces_of(payload):
    """The pieces of a secret that nobody may see: four digits, or six letters and digits, that begin a run."""
    length = 4 if payload.isdigit() else 6
    return [run[:length] for run in re.findall("[a-z0-9]{6,}", payload)]


def shown(sql, dialect):
    """Everything that analyzing tells, the fingerprint aside, whose digits are nobody's."""
    return repr(mercury.analyze(sql, dialect)._replace(fingerprint=0)).lower()


def plantings(generator, dialect, payload):
    """Statements that hold the secret: whole, cut off anywhere, and cut off inside of it."""
    for place in places(dialect):
        is_comment = "/*" in place or "--" in place
        text = "".join(re.findall("[a-z0-9]+", payload)) if is_comment else payload
        literal = generator.choice(forms(dialect, text)).write(text)
        sql = place.replace("{}", literal)
        yield sql
        yield sql[: generator.randrange(len(sql) + 1)]
        yield sql[: sql.index(literal) + generator.randrange(len(literal) + 1)]


@pytest.mark.parametrize("dialect", ALL)
def test_no_planted_secret_is_told(dialect):
    generator = random.Random(f"secrets {dialect}")
    for _ in range(SECRETS):
        payload = secret(generator)
        for sql in plantings(generator, dialect, payload):
            told = shown(sql, dialect)
            assert [trace for trace in traces_of(payload) if trace in told] == [], (dialect, sql)


# Names, keywords and comments are no literals: the harness must see a secret that stands there in the open.
@pytest.mark.parametrize("sql", ["select {} from t", "select a from t where {} = 1", 'select a as "{}"', "{} 5"])
def test_a_secret_in_the_open_is_seen(sql):
    payload = secret(random.Random(1), plain=True)
    payload = "s" + payload[1:]
    told = shown(sql.replace("{}", payload), "postgresql")
    assert traces_of(payload)[0] in told


@pytest.mark.parametrize("dialect", ALL)
def test_every_truncation_of_every_form(dialect):
    generator = random.Random(f"truncations {dialect}")
    for payload in [secret(generator) for _ in range(20)]:
        for form in forms(dialect, payload):
            sql = f"select a from t where b = {form.write(payload)} and c = d"
            for length in range(len(sql)):
                told = shown(sql[:length], dialect)
                assert [trace for trace in traces_of(payload) if trace in told] == [], (dialect, sql[:length])


PASSWORDS = [
    "create user u password {}", "create user u with password {} valid until 'x'", "create user u password = {}",
    "create user u identified by {}", "create user u identified by {} replace {}",
    "alter user u identified by values {}", "create user u identified by password {}",
    "create user u identified with plugin as {}", "create user u identified with plugin by {}",
    "alter role r encrypted password {}", "set password = {}", "set password for u = {}", "set password for u to {}",
    "set password = password({})", "alter login l with password = {} old_password = {}",
    "create login l with password = {} hashed, sid = 1", "grant a to u identified by {} with grant option",
    "connect scott/{}@db", "conn scott / {}", "connect u password {}",
    "create database link l connect to u identified by {} using 'db'", "change master to master_password = {}, a = 1",
    "create server s options (user u, password {})", "create credential c with identity = {}, secret = {}",
    "open master key decryption by password = {}", "create symmetric key k with a = b encryption by password = {}",
    "pragma key = {}", "pragma main.key({})", "select 1; alter user u password {}",
    "begin create user u password {}; end", "ALTER/**/USER u\nPASSWORD/* x */{}",
    "export t as binary encryption password {}", "administer key management set keystore open identified by {}",
    "administer key management alter keystore password identified by {} set {} with backup",
    "connect to db user u using {}",
]  # fmt: skip
SHAPES_OF_PASSWORDS = [
    "{}", '"{}"', "'{}'", "{}!@a", "!{}", "$x{}", "p@{}", "{}.{}", "4{}", "{}--{}", "'a'{}", '"{}',
]  # fmt: skip


@pytest.mark.parametrize("place", PASSWORDS)
def test_no_password_is_left(place):
    for dialect in ALL:
        for shape in SHAPES_OF_PASSWORDS:
            sql = place.replace("{}", shape.replace("{}", "zebra")).encode()
            found = backend().module.normalize(sql, DIALECTS[dialect])
            assert b"zebra" not in found.text, (dialect, sql)
            assert found.literal_count > 0, (dialect, sql)


def wrong_calls(sql):
    data = sql.encode()
    return [
        lambda: mercury.normalize(sql, "klingon"),
        lambda: mercury.fingerprint(sql, sql),
        lambda: mercury.analyze([sql]),
        lambda: mercury.analyze(sql, [sql]),
        lambda: mercury.normalize({sql: sql}),
        lambda: mercury.fingerprint_batch(data, [0, 1]),
        lambda: mercury.fingerprint_batch(sql, sql),
        lambda: mercury.fingerprint_batch(data, memoryview(data)),
        lambda: mercury.fingerprint_batch(data, memoryview(b"\0" * 8 + b"\xff" * 8).cast("q")),
        lambda: mercury.fingerprint_batch(data, memoryview((9**9).to_bytes(8, "little") * 2).cast("q"), sql),
    ]


@pytest.mark.parametrize("number", range(len(wrong_calls(""))))
def test_no_error_tells_a_secret(number):
    payload = "sekrit4711zebra"
    call = wrong_calls(f"select '{payload}'")[number]
    with pytest.raises((MercuryError, TypeError)) as caught:
        call()
    assert payload not in str(caught.value)
    assert payload not in repr(caught.value)
    assert payload not in repr(caught.value.__cause__)
