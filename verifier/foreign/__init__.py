"""Foreign keys at the desks of those who list them. Certificates are parsed here and nowhere else."""
