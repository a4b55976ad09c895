"""For authors of rules, not for gates: a first rule set, its changes, what it does, what is wrong with it."""
