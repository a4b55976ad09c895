"""Masked names: what a guard sees is a surname or initials, never more."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import InvalidName
from credentials.identity import mask_name, same_masked_name
from credentials.identity.name import COMPOUND_SURNAMES, MAX_SHOWN_CODE_POINTS
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_HOLDER_NAME_BYTES, MAX_NAME_CHARACTERS

HAN = st.one_of(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF),
    st.characters(min_codepoint=0xE000, max_codepoint=0xF8FF),
)
HAN_NAMES = st.text(HAN, min_size=1, max_size=20)
LETTERS = st.characters(categories=["Lu", "Ll", "Lo"], max_codepoint=0x1FFF)
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("张三", "张*"),
        ("王小明", "王**"),
        ("陈方安生", "陈***"),
        ("王", "王*"),
        ("欧阳娜娜", "欧阳**"),
        ("歐陽娜娜", "歐陽**"),
        ("欧阳", "欧*"),
        ("司马光", "司马*"),
        ("张　三", "张*"),
        (" 王 小 明 ", "王**"),
        ("\t张三\n", "张*"),
        ("𠮷野家", "𠮷**"),
        ("\ue863一", "\ue863*"),
        ("𰻞面", "𰻞*"),
        ("葛\U000e0100城市", "葛\U000e0100**"),
        ("〇一", "〇*"),
        ("买买提艾力江", "买***"),
        ("阿卜杜拉·买买提", "阿***·买**"),
        ("阿卜杜拉•买买提", "阿***·买**"),
        ("阿卜杜拉 ‧ 买买提", "阿***·买**"),
        ("阿卜杜拉・买买提", "阿***·买**"),
        ("爱新觉罗·溥仪", "爱***·溥*"),
        ("古丽·阿布都热合曼·吐尔逊", "古*·阿***·吐**"),
        ("迪丽热巴·阿卜杜热西提·买买提·艾力", "迪***·阿***·买**"),
        ("Maria Silva", "M*** S***"),
        ("Suharto", "S***"),
        ("U Thant", "U* T***"),
        ("O'Brien, Pat", "O*** P**"),
        ("Jean-Pierre Müller", "J*** M***"),
        ("E\u0301milie Zola", "É*** Z***"),
        ("Johan van der Waals Junior Senior Third", "J*** V** D** W*** J***"),
        ("김철수", "김**"),
        ("བསྟན་འཛིན", "བ***"),
        ("محمد علي", "م*** ع**"),
        ("(张三)", "张**"),
        ("\U0002ebf0明", "\U0002ebf0*"),
        ("\U00031350小明", "\U00031350**"),
        ("\U000323b0\U0003347f", "\U000323b0*"),
        ("\U000f0001明", "\U000f0001*"),
        ("王\u3164\u2800明", "王*"),
        ("-Ann", "A**"),
    ],
)
def test_masks(name: str, mask: str) -> None:
    """The documented rule on names as they are: two characters, compound, one word, dotted, Latin, rare."""
    assert mask_name(name) == mask


def test_eighty_compound_surnames() -> None:
    """With the surname cut in half a guard cannot compare it with the card."""
    assert len(COMPOUND_SURNAMES) >= 80
    for surname in COMPOUND_SURNAMES:
        assert mask_name(surname + "明") == surname + "*"
        assert mask_name(surname) == surname[0] + "*"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u3000\t\n",
        "\u200b\ufeff",
        "·",
        " • ",
        "---",
        ".",
        "\uffa0 \u115f",
        "\u0301",
        "\x00",
        "\u202e",
        "\u3164",
        "\u2800",
    ],
)
def test_blank_is_refused(name: str) -> None:
    """A code without a name cannot be compared with a person; it must not be issued."""
    with pytest.raises(InvalidName, match="blank"):
        mask_name(name)


@pytest.mark.parametrize(
    "name",
    ["✅ 通过 放行", "王小明✅", "😀王", "王\U0001fae9", "→王", "★王★", "王™", "①王", "王㊣", "1\ufe0f\u20e3王",
     "***", "王#", "𝓦ang", "￥王", "$王", "【通过】", "⿰亻王", "王|李", "王<b>", "\U0001f1e8\U0001f1f3"],
)  # fmt: skip
def test_symbols_are_refused(name: str) -> None:
    """A name that reads as a verdict on a guard's screen, by this year's pictures or next year's."""
    with pytest.raises(InvalidName, match="symbol"):
        mask_name(name)


@pytest.mark.parametrize(
    "name",
    ["ئابلەت ئەخمەت", "ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ", "བསྟན་འཛིན།", "Σωκράτης", "Алия Сериковна", "Nguyễn Văn Đức",
     "Ahmad bin Ali @ Lim", "Siva A/L Raman", "Anne-Marie D’Arcy", "J. R. Smith, Jr.",
     "יוסף בן־דוד", "ማርያም", "岩倉ー", "㐂三", "佐々木", "ⅢHenry",
     "Henry Ⅲ", "ʻOkina Kealoha", "Ọláyínká", "\u2f45\u2f6f"],
)  # fmt: skip
def test_names_of_every_script_pass(name: str) -> None:
    """Who is refused here cannot have a code at all."""
    assert is_shown(mask_name(name))


@pytest.mark.parametrize(
    "spelling",
    ["阿卜杜拉·买买提", *(f"阿卜杜拉{dot}买买提" for dot in "•‧・･⋅∙.．。｡●·․ㆍ᛫"), "阿卜杜拉 · 买买提",
     "阿卜杜拉 买买提", "阿卜杜拉　买买提", "阿卜杜拉··买买提", "·阿卜杜拉·买买提·", "阿卜\u200b杜拉·买买提"],
)  # fmt: skip
def test_every_dot_and_blank_is_one(spelling: str) -> None:
    """A register has one dot, a keyboard another: the person is the same."""
    assert mask_name(spelling) == "阿***·买**"


@pytest.mark.parametrize(
    "spelling",
    ["MARIA SILVA", "maria silva", "Ｍａｒｉａ　Ｓｉｌｖａ", "Silva, Maria", "SILVA MARIA", "Maria\u00a0Silva"],
)
def test_spellings_of_a_passport_are_one_name(spelling: str) -> None:
    """Capitals or not, full width or half, the family name first or last."""
    assert same_masked_name(mask_name("Maria Silva"), mask_name(spelling))
    assert not same_masked_name(mask_name("Mario Rossi"), mask_name(spelling))


@pytest.mark.parametrize(
    ("spelling", "name"), [("⽅正", "方正"), ("ﾀﾅｶ", "タナカ"), ("O´Brien", "O’Brien"), ("ß", "ß")]
)
def test_forms_of_a_character_are_one(spelling: str, name: str) -> None:
    """A scanner writes a radical, an old terminal half-width letters."""
    assert mask_name(spelling) == mask_name(name)


@pytest.mark.parametrize("name", ["欧阳 娜娜", "张　三", "诸葛 亮"])
def test_padding_of_a_chinese_name_parts_nothing(name: str) -> None:
    """Forms spread a short name over their boxes."""
    assert "·" not in mask_name(name)


def test_half_a_surrogate_pair_is_refused() -> None:
    """JSON can carry one; it has no UTF-8 and would break the encoder further down."""
    with pytest.raises(InvalidName, match="surrogate"):
        mask_name("\ud842")


def test_length_is_bounded() -> None:
    """The longest registered names pass, a megabyte does not."""
    assert mask_name("A" * MAX_NAME_CHARACTERS) == "A***"
    with pytest.raises(InvalidName, match="more than"):
        mask_name("A" * (MAX_NAME_CHARACTERS + 1))


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200d", "\x1b", "\x07"])
def test_display_cannot_be_turned(mark: str) -> None:
    """A direction override in a name would rearrange the verdict on a guard's screen."""
    assert mask_name(f"{mark}张{mark}三") == "张*"
    assert mask_name(f"Maria {mark}Silva") == "M*** S***"


def test_a_pile_of_marks_is_cut() -> None:
    """Hundred marks on one letter are no name, and would burst the byte limit."""
    mask = mask_name("Z" + "\u0335" * 100 + "algo")
    assert mask == "Z\u0335***"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_NAME_CHARACTERS))
def test_any_text_is_masked_within_bounds_or_refused(name: str) -> None:
    """Whatever is registered as a name: valid UTF-8, at most 24 bytes, never blank, always something hidden."""
    try:
        mask = mask_name(name)
    except InvalidName as error:
        letters = any(unicodedata.category(each)[0] == "L" and is_shown(each) for each in name)
        assert "symbol" in error.detail or not letters
        return
    assert 2 <= len(mask.encode()) <= MAX_HOLDER_NAME_BYTES
    assert mask.endswith("*")
    assert mask[0] not in "* "
    assert mask != name or "*" in name
    assert is_shown(mask)


@given(HAN_NAMES)
def test_chinese_names_show_the_surname_only(name: str) -> None:
    """Of the given name not one character, and of its length only up to three."""
    shown = 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1
    assert mask_name(name) == name[:shown] + "*" * min(max(len(name) - shown, 1), 3)


@given(st.sampled_from(sorted(COMPOUND_SURNAMES)), HAN_NAMES)
def test_compound_surnames_with_any_given_name(surname: str, given_name: str) -> None:
    """The surname whole, and none of what follows."""
    assert mask_name(surname + given_name).rstrip("*") == surname


@given(WORDS, st.sampled_from([" ", "·", "•", " ・ ", "  "]))
def test_other_names_show_one_character_a_word(words: list[str], joint: str) -> None:
    """Each word shown in the mask stands for one word of the name, and shows nothing but its beginning."""
    composed = [unicodedata.normalize("NFC", word) for word in words]
    dotted = "·" if joint.strip() else " "
    masks = mask_name(joint.join(words)).split(dotted if len(words) > 1 else None)
    assert 1 <= len(masks) <= len(words)
    for word, mask in zip(composed, masks, strict=False):
        visible = mask.rstrip("*")
        assert word.upper().startswith(visible.upper())
        assert len(visible) <= MAX_SHOWN_CODE_POINTS
        assert len([point for point in visible if unicodedata.category(point)[0] != "M"]) == 1
        assert 1 <= len(mask) - len(visible) <= 3


@given(HAN, st.lists(st.characters(min_codepoint=0xE0100, max_codepoint=0xE01EF), max_size=5), HAN)
def test_variation_selectors_stay_with_their_character(surname: str, selectors: list[str], given_name: str) -> None:
    """A rare form of a surname is that character and a selector: neither lost nor counted as hidden."""
    assert mask_name(surname + "".join(selectors) + given_name) == surname + "".join(selectors[:1]) + "*"
