"""What is typed at the issuer: commands that have a file of their own."""
