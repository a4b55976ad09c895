"""What a phone asks for (领取、续码): its first code by a claim code, the next one, one on paper, the end."""
