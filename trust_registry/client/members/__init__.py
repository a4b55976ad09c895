"""Members' files as a gate keeps them: withdrawals and rule sets, each verified by a listed key."""
