"""Logs that anybody can check (公开日志): trees, tiles, signed notes, checkpoints, cosignatures, policies and proofs.

Pure, bounded and both ways: what is made here can be checked here. RFC 6962 and RFC 9162 for the tree, C2SP
(c2sp.org) for the rest: tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature, tlog-witness, tlog-policy,
tlog-proof. Read ``tree`` first, then ``note`` and ``checkpoint``.
"""
