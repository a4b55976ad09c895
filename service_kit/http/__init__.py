"""The HTTP edge that all services share: who calls and how much, bodies in, problem documents and pages out."""
