"""An issuer's folder as `province init` and `issuer init` leave it, and the settings that name it."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from credentials.keys import new_private_key, private_key_pem
from issuer.service import EXTENSION, IssuerService
from service_kit.durable import write_atomic
from tests.unit.issuer.office import AUDIENCE, MEMBER, STAFF, staff_keys


def key_file(path: Path, passphrase: bytes | None = None) -> Path:
    """A new key in a file."""
    write_atomic(path, private_key_pem(new_private_key(), passphrase), mode=0o600)
    return path


def with_staff(app: Flask) -> IssuerService:
    """The staff of tests at an issuer that holds no trust list, whose root key is known in another way."""
    office: IssuerService = app.extensions[EXTENSION]
    staff_keys(office.engine)
    office.staff.root = lambda: STAFF.root
    return office


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """The variables of an issuer in ``folder``; its keys are made. It publishes nothing by itself."""
    return {
        "TONGXING_DATA_DIR": str(folder / "data"),
        "TONGXING_MEMBER": MEMBER,
        "TONGXING_ISSUER_URL": f"{AUDIENCE}/",
        "TONGXING_REGISTRY_URL": "http://127.0.0.1:1/registry",
        "TONGXING_KEY_FILE": str(key_file(folder / "keys" / "credential-1.pem")),
        "TONGXING_STATUS_KEY_FILE": str(key_file(folder / "keys" / "status-1.pem")),
        "TONGXING_PUBLISH_SECONDS": "0",
        **changes,
    }
