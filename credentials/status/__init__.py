"""Withdrawal: where a credential's bit stands and how all the bits of a member travel.

One bit says "withdrawn, ask the holder for a fresh code" and never why. ``permutation`` turns positions into
published indices, ``gaps`` writes sets of indices small, ``snapshot`` is what gates begin with and ``segment`` what
they follow, ``bits`` and ``token`` publish the same bits to outsiders as an IETF Token Status List. Nothing here is
probabilistic: a Bloom filter or a cut hash refuses innocent people.
"""
