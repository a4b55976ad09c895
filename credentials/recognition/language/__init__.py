"""What rules can say (规则语言): CertLogic, compiled once into closures under bounds. Gates run nothing else."""
