"""The rule set that a member starts from.

It says what a host of 2022 said, and closes the holes on which people then fell: a test counts from sampling,
the newest test decides (a positive one after a negative one too), and neither a vaccination nor a clean
journey stands for a test. Each rule answers with true or false for every credential that carries its kind of
evidence; where a fact is missing it must not fall back on anything.
"""

from __future__ import annotations

from typing import Any

from credentials.profile.limits import MIN_TIME_SECONDS

ANTIGEN_SHARE = 2
"""An antigen test counts for the hours of a nucleic-acid test divided by this."""
VACCINATION_DAYS = 14
"""Days from the last dose until it counts."""
RECOVERY_DAYS = (14, 180)
"""Days from recovery from which and until which it counts."""
QUARANTINE_DAYS = 7
"""Days for which the end of a quarantine counts."""
EXEMPTION_DAYS = 30
"""Days from its grant for which an exemption from testing counts."""

_COMMENT = (
    "起步模板：逐条核对后再签发。常改的是 parameters（检测有效小时数），用 rules set 修改；"
    "风险地区填入 value_sets.risk_regions（六位区划码）；暂停互认用 rules deny。text 与 needed 会显示给持码人。 "
    "To begin with: read each rule before you sign. Parameters change often (hours that a test counts): rules set. "
    "Risk regions go into value_sets.risk_regions, six-digit codes. Deny a member by rules deny. People at gates read "
    "text and needed."
)
_OF_TESTS = (
    "自采样起算，不自出报告起算；最近一次结果为准，阴性之后的阳性不予通过。 "
    "Counts from sampling, not from the report; the latest result decides, so a positive after a negative fails."
)
_OF_VACCINATION = (
    "接种不能代替检测：码上须另有一次检测，由其自己的规则判断。要改为可以代替，删去 if 一段。 "
    "Does not replace a test: the code must carry one as well, which its own rule judges. To let it replace a test, "
    "take the if out."
)
_OF_EXEMPTION = (
    "不能采样的人（如鼻咽部手术后）由发码地医疗机构出具。不认可则将 logic 改为 false；期限见 not-after。 "
    "For people who cannot be swabbed, certified where the code was issued. Make the logic false to admit none; how "
    "long it counts stands in not-after."
)
_OF_NOTHING = (
    "没有任何佐证的码。改为 true 即不查核酸。 "
    "Codes without any evidence. Make it true where no test is asked for any more."
)
_TEST_ZH = "{nucleic_acid_hours} 小时内采样的核酸检测阴性证明"
_TEST_EN = "a negative nucleic-acid test sampled within the last {nucleic_acid_hours} hours"


def template(
    member: str,
    hours: int,
    *,
    sequence: int = 1,
    previous: str | None = None,
    valid_from: int = MIN_TIME_SECONDS,
) -> dict[str, Any]:
    """A document for :func:`~credentials.recognition.document.sign_rule_set`, of rule set 0.

    ``hours``: how long a nucleic-acid test counts from sampling (24, 48, 72). The version is the sequence.
    ``previous``: the digest of the document before, None for the first. ``valid_from``: seconds UTC.
    """
    return {
        "member": member,
        "rule_set": 0,
        "version": sequence,
        "sequence": sequence,
        "previous": previous,
        "valid_from": valid_from,
        "parameters": {"nucleic_acid_hours": hours, "antigen_hours": hours // ANTIGEN_SHARE},
        "value_sets": {"risk_regions": []},
        "accepted_statuses": ["green"],
        "comment": _COMMENT,
        "rules": [
            _test_rule("nucleic-acid", "核酸检测", "nucleic-acid test", "nucleic_acid_hours"),
            _test_rule("antigen", "抗原检测", "antigen test", "antigen_hours"),
            _vaccination_rule(),
            _recovery_rule(),
            _quarantine_rule(),
            _travel_rule(),
            _exemption_rule(),
            _rule("none", False, ("须出示检测证明", "A test must be shown"), (_TEST_ZH, _TEST_EN), _OF_NOTHING),
        ],
        "denials": [],
    }


def _test_rule(kind: str, zh: str, en: str, parameter: str) -> dict[str, Any]:
    recent = _between(kind, 0, {"var": f"external.parameters.{parameter}"}, "hour")
    text = (
        f"最近一次{zh}须为阴性，且采样在 {{{parameter}}} 小时以内",
        f"The latest {en} must be negative and sampled within the last {{{parameter}}} hours",
    )
    needed = (
        f"{{{parameter}}} 小时内采样的{zh}阴性证明",
        f"a negative {en} sampled within the last {{{parameter}}} hours",
    )
    return _rule(kind, {"and": [_result_is(kind, "negative"), recent]}, text, needed, _OF_TESTS)


def _vaccination_rule() -> dict[str, Any]:
    complete = {"plusTime": [_fact("vaccination", "sampledAt"), VACCINATION_DAYS, "day"]}
    done = {"and": [_result_is("vaccination", "completed"), {"not-after": [complete, _NOW]}, _TESTED]}
    text = (
        f"全程接种须满 {VACCINATION_DAYS} 天，且不能代替检测",
        f"Vaccination must be complete for {VACCINATION_DAYS} days and does not replace a test",
    )
    return _rule("vaccination", done, text, (_TEST_ZH, _TEST_EN), _OF_VACCINATION)


def _recovery_rule() -> dict[str, Any]:
    first, last = RECOVERY_DAYS
    recovered = {"and": [_result_is("recovery", "completed"), _between("recovery", first, last, "day")]}
    text = (
        f"康复须满 {first} 天且不超过 {last} 天",
        f"Recovery must lie at least {first} and at most {last} days back",
    )
    return _rule(
        "recovery",
        recovered,
        text,
        (f"在此期限内的康复证明，或 {_TEST_ZH}", f"such a recovery, or {_TEST_EN}"),
    )


def _quarantine_rule() -> dict[str, Any]:
    released = {"and": [_result_is("quarantine", "completed"), _between("quarantine", 0, QUARANTINE_DAYS, "day")]}
    text = (
        f"隔离须已期满解除，且解除不超过 {QUARANTINE_DAYS} 天",
        f"Quarantine must have been completed within the last {QUARANTINE_DAYS} days",
    )
    return _rule("quarantine", released, text, (f"解除隔离证明，或 {_TEST_ZH}", f"proof of release, or {_TEST_EN}"))


def _travel_rule() -> dict[str, Any]:
    risky = {"in": [_fact("travel", "region"), {"var": "external.valueSets.risk_regions"}]}
    clean = {"and": [_result_is("travel", "negative"), {"!": [risky]}, _TESTED]}
    text = (
        "行程不得涉及风险地区，且不能代替检测",
        "The journey must not touch a risk region and does not replace a test",
    )
    return _rule(
        "travel",
        clean,
        text,
        (f"未涉及风险地区的行程，以及 {_TEST_ZH}", f"a journey without risk, and {_TEST_EN}"),
    )


def _exemption_rule() -> dict[str, Any]:
    exempt = {"and": [_result_is("exemption", "completed"), _between("exemption", 0, EXEMPTION_DAYS, "day")]}
    text = (
        f"免检证明须在 {EXEMPTION_DAYS} 天内出具",
        f"An exemption from testing must have been granted within the last {EXEMPTION_DAYS} days",
    )
    needed = (f"此期限内的免检证明，或 {_TEST_ZH}", f"such an exemption, or {_TEST_EN}")
    return _rule("exemption", exempt, text, needed, _OF_EXEMPTION)


def _rule(kind: str, logic: Any, text: tuple[str, str], needed: tuple[str, str], comment: str = "") -> dict[str, Any]:
    return ({"comment": comment} if comment else {}) | {
        "id": kind if kind != "none" else "no-evidence",
        "kinds": [kind],
        "logic": logic,
        "text": {"zh": text[0], "en": text[1]},
        "needed": {"zh": needed[0], "en": needed[1]},
    }


def _fact(kind: str, field: str) -> dict[str, Any]:
    return {"var": f"payload.latest.{kind}.{field}"}


def _result_is(kind: str, result: str) -> dict[str, Any]:
    return {"===": [_fact(kind, "result"), result]}


def _between(kind: str, first: int, last: Any, unit: str) -> dict[str, Any]:
    """The check lies from ``first`` to ``last`` units after sampling, both ends included."""
    sampled = _fact(kind, "sampledAt")
    return {"not-after": [{"plusTime": [sampled, first, unit]}, _NOW, {"plusTime": [sampled, last, unit]}]}


_NOW: dict[str, Any] = {"plusTime": [{"var": "external.validationClock"}, 0, "hour"]}
_TESTED: dict[str, Any] = {
    "if": [
        {"var": "payload.latest.nucleic-acid"},
        True,
        {"if": [{"var": "payload.latest.antigen"}, True, False]},
    ]
}
"""There is a test on the same code; whether it is good enough, its own rule says."""
