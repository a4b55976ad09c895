"""What an issuer decides about a person (赋码决定): by rules or by hand, signed, logged and provable. Pure."""
