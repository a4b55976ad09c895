"""The verifier (验码方): a pure judge, and a gate around it that keeps what the judge needs fresh.

::

    views ──► gate.check ──► recipe.judge(text, knowledge, at, policy) ──► Verdict ──► JSON
                 ▲
              knowledge (one immutable Knowledge, swapped whole)  ◄── timer ◄── trust_registry.client

Nothing below ``gate`` touches network, database or clock.
"""
