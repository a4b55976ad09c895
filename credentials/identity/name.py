"""A name masked for a code: enough for a guard to compare with a document, too little to look somebody up.

- A Chinese name shows its surname (复姓 whole) and hides the rest: 张三 → 张*, 欧阳娜娜 → 欧阳**.
- Any other name shows the first character of each word and hides the rest, words being parted by spaces or by
  the middle dot: 阿卜杜拉·买买提 → 阿***·买**, Maria Silva → M*** S***, suharto → S***.
  Nobody can tell from outside which of the words is the surname, so none is shown whole.
- What is hidden shows as one to three ``*``: as many as it has characters up to three, and one even when
  there is nothing to hide. So a mask never equals the name, and never tells that there is no more to it.
- A character is what a reader sees as one: with its combining marks, and as one code point beyond the BMP.
  Of one character at most two code points are shown, which bounds it to 8 bytes.
- Words that no longer fit ``limits.MAX_HOLDER_NAME_BYTES`` of UTF-8 are left out from the end.

Source: GB/T 35273-2020 §6.2 (de-identification).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import dropwhile

from credentials.identity.spelling import HAN, fold_name, is_letter
from credentials.profile.limits import MAX_HOLDER_NAME_BYTES

MAX_HIDDEN_SHOWN = 3
"""Asterisks for one hidden run; more would only tell the length of rare names."""
MAX_SHOWN_CODE_POINTS = 2
"""Of one character: its base and one mark or variation selector."""

_COMPOUND_SURNAMES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶
太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良
漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五
公仪 公乘 贯丘 南荣 东里 东宫 子书 子桑 即墨 达奚 褚师 纳兰 完颜 耶律 哥舒 斛律 尔朱 淳于 单于 屈突
歐陽 司馬 東方 獨孤 南宮 聞人 諸葛 尉遲 赫連 澹臺 濮陽 公孫 仲孫 鍾離 長孫 鮮于 閭丘 子車 巫馬 顓孫
壤駟 樂正 穀梁 夾谷 軒轅 東郭 南門 東門 西門 公儀 納蘭 完顏 達奚
"""
COMPOUND_SURNAMES = frozenset(_COMPOUND_SURNAMES.split())
"""Compound surnames (复姓) in both scripts. Pairs whose first character is a common surname with a common
given name behind it (张简, 贺兰, 叶赫) are left out on purpose: too short a surname is the smaller harm."""

_PLAIN = re.compile("[\u4e00-\u9fff]{2,16}")
"""Nearly every name: nothing in it composes, combines or hides."""


def mask_name(name: str) -> str:
    """``name`` folded and masked: 2 to ``limits.MAX_HOLDER_NAME_BYTES`` bytes of UTF-8, never blank.

    ``name`` is at most ``limits.MAX_NAME_CHARACTERS`` code points. Raises: InvalidName, as
    :func:`credentials.identity.spelling.fold_name` does.
    """
    if _PLAIN.fullmatch(name):
        return _masked([*name], _surname_length([*name]))
    text = fold_name(name)
    whole = _characters(text)
    if all(HAN.match(character) for character in whole):
        return _masked(whole, _surname_length(whole))
    joint = "·" if "·" in text else " "
    words = filter(None, map(_characters, text.replace("·", " ").split()))
    return _fitted([_masked(word, 1) for word in words], joint)


def same_masked_name(one: str, other: str) -> bool:
    """Whether two masks may be of one name: passports have the family name first or last, with dots or without.

    What the masks hide is not compared, for nobody keeps it.
    """
    return _parts(one) == _parts(other)


def _parts(mask: str) -> list[str]:
    return sorted(mask.upper().replace("·", " ").split())


def _characters(word: str) -> list[str]:
    """What a reader sees as characters, from the first letter on: "(O'Brien" begins at O."""
    characters: list[str] = []
    for point in dropwhile(lambda point: not (is_letter(point) or unicodedata.category(point)[0] == "N"), word):
        if unicodedata.category(point)[0] == "M":
            characters[-1] += point
        else:
            characters.append(point)
    return characters


def _surname_length(name: list[str]) -> int:
    """2 for a compound surname with a given name behind it, else 1; 欧阳 alone is Mr Ou."""
    return 2 if len(name) > 2 and name[0][0] + name[1][0] in COMPOUND_SURNAMES else 1


def _masked(word: list[str], shown: int) -> str:
    visible = "".join(character[:MAX_SHOWN_CODE_POINTS] for character in word[:shown])
    return visible + "*" * min(max(len(word) - shown, 1), MAX_HIDDEN_SHOWN)


def _fitted(words: list[str], joint: str) -> str:
    """As many words as fit. The first always does: 8 bytes and three asterisks."""
    while len((text := joint.join(words)).encode()) > MAX_HOLDER_NAME_BYTES:
        words.pop()
    return text
