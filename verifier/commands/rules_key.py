"""The member's rules key, by which its rules and its list of foreign keys are signed."""

from __future__ import annotations

from pathlib import Path

from credentials.errors import KeyRejected
from credentials.keys import kid_of
from credentials.signing import PemSigner
from service_kit.durable import write_atomic
from trust_registry.key_files import read_key, read_passphrase
from trust_registry.province.folder import STATE_FILE, ProvinceFolder


def rules_signer(path: Path, passphrase_file: Path | None, member: str) -> PemSigner:
    """The rules key of ``member`` in the file ``path``.

    Raises KeyRejected, also for a key of which its province's folder says another use, SettingInvalid.
    """
    private_key = read_key(path, read_passphrase(passphrase_file))
    kid = kid_of(member, private_key.public_key())
    _require_rules_key(path, kid)
    return PemSigner(private_key, kid)


def _require_rules_key(path: Path, kid: bytes) -> None:
    """Raise KeyRejected for a key of which its province's folder says another use: every gate would refuse the rules.

    Of a key that lies elsewhere nothing is known here; the registry refuses what it signs.
    """
    folder = next((each for each in path.absolute().parents[:2] if (each / STATE_FILE).is_file()), None)
    if folder is None:
        return
    state = ProvinceFolder(folder, write_atomic).state()
    uses = {key.kid: key.use for key in state.keys} | {state.root_kid: "root"}
    fitting = ", ".join(str(folder / key.file) for key in state.keys if key.use == "rules")
    if uses.get(kid.hex(), "rules") != "rules":
        raise KeyRejected(f"{path}: this is a {uses[kid.hex()]} key; rules are signed with a rules key: {fitting}")
    if kid.hex() not in uses:
        raise KeyRejected(f"{path}: not a key of {state.member}, or the rules are another member's; its own: {fitting}")
