"""Identity documents: one spelling, one identity, and a refusal that says why."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import InvalidDocument
from credentials.identity import KINDS, Document, parse_document
from credentials.identity.document import EDITIONS
from credentials.profile.limits import MAX_DOCUMENT_CHARACTERS, MIN_BIRTH_YEAR

RESIDENT = "11010519491231002X"  # the example of GB 11643 itself
SHAPES = {
    "resident-id": RESIDENT,
    "hk-macao-permit": "H12345678",
    "taiwan-permit": "00123456",
    "passport": "CHN-E12345678",
    "seafarers-passport": "CHN-A12345678",
    "foreign-permanent-residence": "911124198108030024",  # on the published specimen of the 2023 card
}


def with_check(body: str) -> str:
    """The check character by the weights of GB 11643, another way than the code's."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_by_name_and_by_shape(kind: str) -> None:
    """Clients that name the kind and clients that do not must get the same document."""
    document = parse_document(kind, SHAPES[kind])
    if kind != "seafarers-passport":  # is one only where that is said: its number is that of a passport
        assert document == parse_document(None, SHAPES[kind])
    assert document == Document(kind, SHAPES[kind], f"{kind}:{SHAPES[kind]}")


@pytest.mark.parametrize("number", [RESIDENT, "440524188001010014", "810000199408230021", "830000199201300022"])
def test_published_numbers(number: str) -> None:
    """The examples of GB 11643 and of the residence permits for Hong Kong and Taiwan residents."""
    assert parse_document("resident-id", number).number == number


@given(st.integers(0, 10**17 - 1))
def test_check_character_matches_the_weights(number: int) -> None:
    """Two ways of ISO 7064 MOD 11-2 agree, and exactly one character fits."""
    body = f"110105{1900 + number % 100}0131{number % 1000:03}"
    whole = with_check(body)
    assert parse_document("resident-id", whole).number == whole
    for other in set("0123456789X") - {whole[-1]}:
        with pytest.raises(InvalidDocument, match=r"fit the others.*; compare it with"):
            parse_document("resident-id", body + other)


@given(st.integers(0, 16), st.integers(1, 9))
def test_a_mistyped_digit_is_found(place: int, by: int) -> None:
    """The check exists for the clerk's typing error: one wrong digit never passes."""
    wrong = RESIDENT[:place] + str((int(RESIDENT[place]) + by) % 10) + RESIDENT[place + 1 :]
    with pytest.raises(InvalidDocument):
        parse_document("resident-id", wrong)


@pytest.mark.parametrize(
    ("kind", "typed", "number"),
    [
        ("resident-id", "１１０１０５　１９４９１２３１　００２ｘ", RESIDENT),
        ("resident-id", " 110105 19491231 002x\n", RESIDENT),
        ("resident-id", "110105-19491231–002Ⅹ", RESIDENT),
        ("resident-id", "\u202a11010519491231002X\u202c", RESIDENT),
        ("resident-id", "\ufeff11010519491231\u200b002ⅹ", RESIDENT),
        ("hk-macao-permit", "ｈ12345678（01）", "H1234567801"),
        ("taiwan-permit", "0012345601(B)", "0012345601B"),
        ("passport", "chn e1234 5678", "CHN-E12345678"),
        ("passport", "D<<C01X00T47<", "D-C01X00T47"),
        ("passport", "USA：123456789", "USA-123456789"),
        ("passport", "GBR/AB12345", "GBR-AB12345"),
        ("foreign-permanent-residence", "usa 1101 1992 0512", "USA110119920512"),
    ],
)
def test_one_spelling(kind: str, typed: str, number: str) -> None:
    """Two spellings of one number must not become two residents."""
    assert parse_document(kind, typed).number == number
    assert parse_document(None, typed) == parse_document(kind, typed)


@pytest.mark.parametrize(
    ("kind", "first", "renewed"),
    [
        ("hk-macao-permit", "H1234567800", "H1234567801"),
        ("hk-macao-permit", "M1234567802", "M12345678"),
        ("taiwan-permit", "0012345601B", "00123456"),
        ("taiwan-permit", "0012345601", "0012345602"),
    ],
)
def test_renewal_keeps_the_identity(kind: str, first: str, renewed: str) -> None:
    """A renewed permit is the same person, and its code shows the same four characters."""
    before, after = parse_document(kind, first), parse_document(kind, renewed)
    assert before.identity == after.identity
    assert before.tail == after.tail
    assert before.number != after.number


@pytest.mark.parametrize(
    ("number", "kind", "identity"),
    [
        ("HA1234567", "hk-macao-permit", "HA1234567"),
        ("ma 1234567", "hk-macao-permit", "MA1234567"),
        ("820000199001010018", "resident-id", "820000199001010018"),
        ("CHN-SE1234567", "passport", "CHN-SE1234567"),
        ("CHN-PE1234567", "passport", "CHN-PE1234567"),
        ("CHN-DE1234567", "passport", "CHN-DE1234567"),
        ("CHN P.1234567", "passport", "CHN-P1234567"),
        ("CHN-K12345678", "passport", "CHN-K12345678"),
        ("CHN-HJ1234567", "passport", "CHN-HJ1234567"),
        ("CHN-MA1234567", "passport", "CHN-MA1234567"),
        ("USA110119920512", "foreign-permanent-residence", "USA110119920512"),
    ],
)
def test_every_design_in_use(number: str, kind: str, identity: str) -> None:
    """Permits of non-Chinese residents of Hong Kong and Macao, official and regional passports, both resident cards."""
    if number.startswith("82"):
        number = identity = with_check(number[:17])
    assert parse_document(None, number) == parse_document(kind, number)
    assert parse_document(kind, number).identity == f"{kind}:{identity}"


@pytest.mark.parametrize("number", ["HB1234567", "HA123456", "HA12345678", "XA1234567", "H1234567"])
def test_no_design_of_its_own_making(number: str) -> None:
    """What no row describes is refused, not guessed."""
    with pytest.raises(InvalidDocument):
        parse_document("hk-macao-permit", number)


def test_every_row_has_a_day_and_a_source() -> None:
    """Who adds a design says since when it is issued, and where that is written."""
    for edition in EDITIONS:
        assert date.fromisoformat(edition.since)
        assert edition.source


@pytest.mark.parametrize("number", ["H1234567801", "CHN-SE1234567", "CHN-PE1234567", "CHN-DE1234567", "CHN-D1234567"])
def test_a_design_that_no_source_confirms_is_taken_and_marked_so(number: str) -> None:
    """Its holder is not turned away, and nobody takes the row for one that somebody has looked up."""
    document = parse_document(None, number)
    row = next(each for each in EDITIONS if each.kind == document.kind and re.fullmatch(each.shape, document.number))
    assert not row.confirmed


def test_a_new_passport_is_another_identity() -> None:
    """Its number changes at renewal: the issuer must not assume that it can tell it is the same person."""
    assert parse_document("passport", "CHN-E12345678").identity != parse_document("passport", "CHN-EA1234567").identity


def test_the_same_digits_of_two_kinds_are_two_people() -> None:
    """Identities carry their kind and country, so numbers cannot collide across documents."""
    numbers = ["CHN-E12345678", "SGP-E1234567A", "SGP-E12345678", "USA-12345678"]
    identities = {parse_document("passport", number).identity for number in numbers}
    identities.add(parse_document("taiwan-permit", "12345678").identity)
    assert len(identities) == 5


@pytest.mark.parametrize(
    ("kind", "number", "tail"),
    [
        ("resident-id", RESIDENT, "002X"),
        ("hk-macao-permit", "H1234567801", "5678"),
        ("taiwan-permit", "0012345601B", "3456"),
        ("passport", "D-C01X00T47", "0T47"),
    ],
)
def test_tail(kind: str, number: str, tail: str) -> None:
    """A guard compares these four with the card in the hand: never the renewal count."""
    assert parse_document(kind, number).tail == tail


@pytest.mark.parametrize(
    ("kind", "number", "born"),
    [
        ("resident-id", RESIDENT, date(1949, 12, 31)),
        ("foreign-permanent-residence", SHAPES["foreign-permanent-residence"], date(1981, 8, 3)),
        ("foreign-permanent-residence", "ABC110105123456"[:15], None),
        ("hk-macao-permit", SHAPES["hk-macao-permit"], None),
        ("taiwan-permit", SHAPES["taiwan-permit"], None),
        ("passport", SHAPES["passport"], None),
    ],
)
def test_born_where_the_number_says_it(kind: str, number: str, born: date | None) -> None:
    """Whoever has a clock compares it."""
    assert parse_document(kind, number).born == born


def test_a_printed_document_hides_its_number() -> None:
    """The 2020 leaks were of numbers in places where nobody meant to put them; a traceback is one."""
    document = parse_document("resident-id", RESIDENT)
    assert repr(document) == str(document) == "Document('resident-id', tail='002X')"


@pytest.mark.parametrize(
    ("kind", "number", "why"),
    [
        ("resident-id", "110105491231002", "15-digit"),
        (None, "110105491231002", "15-digit"),
        ("resident-id", "11010519491231002", "17 digits"),
        ("resident-id", "1101051949123100X2", "17 digits"),
        ("resident-id", "", "17 digits"),
        ("resident-id", with_check("99010519491231002"), "region"),
        ("resident-id", with_check("66010519491231002"), "region"),
        ("resident-id", with_check("81010119940823002"), "region"),
        ("resident-id", with_check("11010519490229002"), "7 to 14. does not exist; compare"),
        ("resident-id", with_check("11010500000101002"), "7 to 14. does not exist; compare"),
        ("resident-id", with_check(f"110105{MIN_BIRTH_YEAR - 1}1231002"), "too long ago"),
        ("resident-id", "110105194912310021", "fit the others.*; compare it with"),
        ("hk-macao-permit", "C12345678", "H or M"),
        ("hk-macao-permit", "H1234567", "H or M"),
        ("hk-macao-permit", "H123456780", "H or M"),
        ("taiwan-permit", "1234567", "8 digits"),
        ("taiwan-permit", "T12345678", "8 digits"),
        ("passport", "E12345678", "country"),
        ("passport", "CHNE12345678", "country"),
        ("passport", "CHN-12345678", "Chinese"),
        ("passport", "CHN-EAB123456", "Chinese"),
        ("passport", "USA-1234", "5 to 9"),
        ("passport", "USA-1234567890", "5 to 9"),
        ("passport", "USA-ABCDEF", "5 to 9"),
        ("passport", "USA-AB_123", "country"),
        ("foreign-permanent-residence", with_check("96612419810803002"), "region"),
        ("foreign-permanent-residence", "911124198113030024", "birth date"),
        (
            "foreign-permanent-residence",
            "911124198108030023",
            "fit the others.*; compare it with",
        ),
        ("foreign-permanent-residence", RESIDENT, "18 characters from 9"),
        (None, "E12345678", "CHN-E12345678"),
        (None, "", "shape"),
        ("driving-licence", RESIDENT, "unknown kind"),
        ("", RESIDENT, "unknown kind"),
    ],
)
def test_refused_by_name(kind: str | None, number: str, why: str) -> None:
    """A clerk must learn what is wrong with the number, and a log must not learn the number."""
    with pytest.raises(InvalidDocument, match=why) as caught:
        parse_document(kind, number)
    assert not number or number not in str(caught.value) or number in "CHN-E12345678"


@pytest.mark.parametrize("letter", ["²", "①", "٣", "߁", "Χ", "ı", "ſ", "Ⅻ", "一"])
def test_look_alikes_are_not_folded(letter: str) -> None:
    """Only lossless repairs: a superscript or an Arabic digit is somebody's error, not another spelling."""
    for kind in (None, *KINDS):
        with pytest.raises(InvalidDocument, match="no document number has"):
            parse_document(kind, SHAPES[kind or "resident-id"][:-1] + letter)


def test_length_is_bounded_first() -> None:
    """What arrives is judged by its length before any of it is looked at."""
    assert parse_document("resident-id", RESIDENT.ljust(MAX_DOCUMENT_CHARACTERS)).number == RESIDENT
    with pytest.raises(InvalidDocument, match="more than 40 characters"):
        parse_document("resident-id", RESIDENT.ljust(MAX_DOCUMENT_CHARACTERS + 1))


@given(st.sampled_from([None, *KINDS]), st.text(max_size=MAX_DOCUMENT_CHARACTERS))
def test_any_text_is_a_document_or_refused(kind: str | None, text: str) -> None:
    """No input may come out as anything but a checked document or InvalidDocument."""
    try:
        document = parse_document(kind, text)
    except InvalidDocument:
        return
    assert document == parse_document(document.kind, document.number)


@given(st.sampled_from(KINDS), st.text("0123456789HMXDB -<:()EＨ７", max_size=20))
def test_normal_form_is_stable(kind: str, text: str) -> None:
    """Parsing what was stored gives the same identity again."""
    try:
        document = parse_document(kind, text)
    except InvalidDocument:
        return
    again = parse_document(kind, document.number)
    assert again == document
    assert len(document.tail) == 4
