"""The desk over HTTP: pages that the issuer draws, one script that asks for passkeys, sessions in the database."""
