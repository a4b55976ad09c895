"""A key file against the trust list: every way in which it can be the wrong one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from credentials.keys import private_key_pem
from diagnosis import authority, house, journey
from diagnosis.deployment import Deployment
from diagnosis.report import StepOutcome
from issuer.config import IssuerSettings
from issuer.opening import prepare
from service_kit.durable import write_atomic
from service_kit.settings import read_settings
from tests.unit.issuer.serving import environment
from tests.unit.trust_registry.published import DAY, Published
from trust_registry.client.trust.pins import NOTHING_SEEN
from trust_registry.client.trust.repository import MirrorFiles, verify_repository
from trust_registry.client.trust.snapshot import build_snapshot

USES = ("credential", "credential-2", "status", "rules", "log")


@pytest.fixture
def published() -> Published:
    return Published(int(time.time()))


def deployment(published: Published, folder: Path, number: int = 0, member: int = 0, later: int = 0) -> Deployment:
    """An issuer of CN-41 with key ``number`` of the province ``member``, ``later`` seconds after the publication."""
    signer = published.provinces[member].signers[number][1]
    write_atomic(folder / "key.pem", private_key_pem(signer._private_key), mode=0o600)
    found = Deployment({}, ["issuer"])
    changes = {
        "TONGXING_KEY_FILE": str(folder / "key.pem"),
        "TONGXING_STATUS_KEY_FILE": str(folder / "key.pem"),
        "TONGXING_ENVIRONMENT": "demo",
        "TONGXING_CLOCK_OFFSET_SECONDS": str(later),
    }
    found.settings = {"issuer": read_settings(IssuerSettings, environment(folder, **changes))}
    verified = verify_repository(MirrorFiles(published.files.get), published.trusted_root)
    found.trust = build_snapshot(verified, NOTHING_SEEN, found.now())[0]
    assert house.credential_key(found) is house.status_key(found) is None
    return found


def test_a_listed_key_is_well(published: Published, tmp_path: Path) -> None:
    """Both keys of an issuer."""
    assert authority.credential_key(deployment(published, tmp_path)) is None
    assert authority.status_key(deployment(published, tmp_path, USES.index("status"))) is None


@pytest.mark.parametrize(
    ("number", "member", "later", "code"),
    [
        (0, 1, 0, "key-of-another-member"),
        (USES.index("status"), 0, 0, "key-of-another-use"),
        (0, 0, -2 * DAY, "key-not-yet"),
        (0, 0, 366 * DAY, "key-ended"),
    ],
)
def test_a_key_that_gates_would_refuse(
    published: Published, tmp_path: Path, number: int, member: int, later: int, code: str
) -> None:
    """Each is another mistake with another remedy."""
    found = authority.credential_key(deployment(published, tmp_path, number, member, later))
    assert found is not None
    assert (found.code, found.settings[0], found.outcome) == (code, "TONGXING_KEY_FILE", StepOutcome.WRONG)


def test_a_key_that_ends_soon_is_a_warning(published: Published, tmp_path: Path) -> None:
    """It works today, and a statement takes officers and telephone calls."""
    found = authority.credential_key(deployment(published, tmp_path, later=340 * DAY + 3600))
    assert found is not None
    assert (found.code, found.outcome, found.detail) == ("key-ends-soon", StepOutcome.OK, "24 days")


def test_a_registry_that_does_not_take_the_status(published: Published, tmp_path: Path) -> None:
    """Withdrawals that stay at home are the one thing that an issuer does not notice by itself."""
    with deployment(published, tmp_path) as found:
        prepare(found.issuer)
        assert house.open_issuer(found) is None
        refused = journey.publish(found)
    assert refused is not None
    assert (refused.code, refused.settings[0]) == ("publication-refused", "TONGXING_REGISTRY_URL")
