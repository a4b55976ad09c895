"""The issuer (签发方): turns a decision about a resident into a signed code, and takes it back.

::

    views, cli ──► issuance.issue ──► one transaction: decision, credential, index
                                        └─► claims ──► signer ──► our own check ──► commit ──► text
    wallet_views ──► holding: claim, renew, paper, release ──► issuance.make, from who is on file
    withdrawal ──► the credential's row ──► status_publication ──► the registry's mirror

A credential's serial is its row's key; what stands in the code is a keyed permutation of it, so that nobody can count
a province's residents or tell neighbours from their indices.
"""
