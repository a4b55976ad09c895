"""Cards that no member signed: what they say, whose keys vouch for them, and how their signatures are verified."""
