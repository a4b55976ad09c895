"""How a gate comes to know whom to trust, and keeps knowing it without network.

::

    updater ──ngclient──► repository (judges one TUF set) ──► store (whole sets, swapped at once)
    bundle  ──zip───────►     │                                 │
                              └── pins (what was seen) ──► TrustSnapshot ──► mirror (members' files)

Staleness is judged from ages, by policy, elsewhere: nothing here deletes what has grown old, and nothing
here trusts half of anything.
"""
