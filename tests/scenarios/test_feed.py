"""Withdrawals and denials arrive by themselves, with real processes, and go on arriving after one is killed."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from demonstration.cast import HENAN
from demonstration.props import asks
from tests.scenarios.feeding import Feed

SECONDS = 60.0


def test_news_arrives_by_itself(tmp_path: Path) -> None:
    """Nobody calls a timer: what is withdrawn or denied is refused elsewhere, also after the issuer was killed."""
    with Feed(tmp_path, publish=1, poll=1) as feed:
        feed.wait_until_known(SECONDS)
        measured = feed.measure(withdrawals=4, denials=2, over=3.0, patience=SECONDS)
        assert max(measured.withdrawals + measured.denials) < SECONDS
        process = feed.henan.server.process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        feed.restart(feed.henan)
        code = feed.henan.issue(asks("赵六", hours=20, form="paper", now=int(time.time())))
        feed.henan.withdraw(code["handle"])
        feed.guangdong.wait_for_withdrawals(HENAN.member, 5)
        assert not [failure for failure in feed.guangdong.state()["failures"] if failure["member"] == HENAN.member]
