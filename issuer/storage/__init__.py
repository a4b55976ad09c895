"""Where the issuer keeps what it did: :mod:`issuer.storage.ports` says what must hold, ``sql`` holds it."""
