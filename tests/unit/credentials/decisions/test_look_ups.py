"""What a person is told of look-ups: canonical, and without a proof until the log has one."""

from __future__ import annotations

import json

from credentials.decisions.look_ups import FORMAT, LOOKED, LookUp, look_up_text, look_ups_file
from tests.unit.credentials.decisions.test_proof import Made

SALT = bytes(range(32))


def test_a_look_up_says_who_when_and_what_for_and_waits_for_its_proof() -> None:
    """No name of staff, and nothing of the person: what is committed to says nothing to others."""
    text = look_up_text("CN-41", "cdc/zhang-7", LOOKED, 1_795_000_000)
    assert text == '{"act":"looked","at":1795000000,"member":"CN-41","staff":"cdc/zhang-7","type":"look-up"}'
    proof = Made().file().proof
    waiting, proved = LookUp(text, SALT), LookUp(text, SALT, 3, (bytes(32),), proof)
    told = json.loads(look_ups_file([waiting, proved]))
    assert told["format"] == FORMAT
    assert told["look_ups"][0] == {"text": text, "salt": SALT.hex(), "proof": None}
    assert told["look_ups"][1]["index"] == 3 and told["look_ups"][1]["path"] == ["00" * 32]
    assert told["look_ups"][1]["proof"].startswith("c2sp.org/tlog-proof@v1")
