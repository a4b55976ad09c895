"""Evidence (佐证): what laboratories and offices report about people, a timeline of each, and what follows."""
