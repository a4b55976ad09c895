"""Rules by which an issuer decides (赋码规则): signed data, over what is known of a person. Pure."""
