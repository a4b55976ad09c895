"""Why codes are withdrawn (撤回原因). The cause stays with the issuer."""

from __future__ import annotations

from typing import Final

DOCTOR: Final = "doctor"
"""The cause of a test code that `tongxing doctor` takes back."""
DEVICE_REPLACED: Final = "device-replaced"
"""The cause when somebody claims their code on another phone."""
STATUS_CHANGED: Final = "status-changed"
LOST_DEVICE: Final = "lost-device"
HOLDER_REQUEST: Final = "holder-request"
ISSUED_IN_ERROR: Final = "issued-in-error"
WALLET: Final = "wallet:"
"""The author of what a holder's own phone brings about; no client can have this id."""
RESTORED: Final = "restored"
"""The cause, and its author, of what gates knew as withdrawn when this database was put back to an older state."""
MIRROR: Final = "mirror:"
ENDS_THE_DEVICE: Final = frozenset({DEVICE_REPLACED, LOST_DEVICE, HOLDER_REQUEST, ISSUED_IN_ERROR})
"""After one of these the phone gets no further code, until somebody claims one on it anew."""
CAUSES: Final[dict[str, str]] = {
    "superseded": "已换发新码 · replaced by a fresh code",
    STATUS_CHANGED: "状态变更 · the holder's status changed",
    LOST_DEVICE: "设备遗失 · the holder's phone was lost",
    HOLDER_REQUEST: "持码人申请 · asked for by the holder",
    ISSUED_IN_ERROR: "签发有误 · issued in error",
    DEVICE_REPLACED: "已在另一部手机领取 · claimed on another phone",
    DOCTOR: "体检测试码 · a test code of the doctor",
}
