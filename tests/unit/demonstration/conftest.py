"""A phone code, bound to whatever key: a phone keeps it unread."""

from __future__ import annotations

import pytest

from credentials.formats import native
from credentials.keys import compressed_point, kid_of, new_private_key
from credentials.profile.lists import Form, Status
from credentials.signing import PemSigner
from demonstration.props import credential


@pytest.fixture
def phone_code() -> str:
    key = new_private_key()
    code = credential("CN-41", Status.GREEN, 1_790_000_000)._replace(
        form=Form.PHONE, holder_key=compressed_point(key.public_key())
    )
    return native.issue_text(code, PemSigner(key, kid_of("CN-41", key.public_key())))
