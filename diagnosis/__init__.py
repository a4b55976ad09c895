"""The doctor (体检): whether a deployment works, from its settings to a withdrawn code, and which setting is wrong.

::

    examination ── runs the checks in their order, skips what needs something that is wrong
      house      settings, folder, keys, database, cache: what stands on this machine
      authority  the registry: reachable, its root, its clock, its list, who and what is in it
      journey    a test code: issued, published, fetched, accepted, withdrawn, refused
    deployment ── what the checks have found so far, for those that come after
    report ── steps for people and for programs · texts ── what is wrong and what to do, in both languages

It uses what the services use and decides nothing by itself. It changes nothing but its own test code.
"""
