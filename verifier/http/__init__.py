"""The verifier over HTTP: routes, bodies, verdicts as text, its pages."""
