"""Issuing (签发): decide, allocate, sign, read back, record, release; what follows for the person's other codes."""
