"""The profile: what both languages, the documents and all services must agree on, each thing once and as data.

``limits`` bounds with their units, ``lists`` the closed lists with their words, ``forms`` what hangs on how a code is
carried, ``members`` who can be a member, ``reasons`` what a verdict can say, ``characters`` what a signed text may
hold. ``make profile`` writes ``credentials/browser/profile.ts`` and the tables of the documents from here; a test
compares.
"""
