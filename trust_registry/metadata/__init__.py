"""The formats that the registry and its clients share: trust list, denials, province statements.

Pure: bytes in, values out; nothing here reads a clock, a file or the network. ``trust_list`` and ``denials``
are targets of the registry's TUF metadata and carry no signature of their own; a ``statement`` is signed by
its member. One bad entry never stops the rest of a list: it is reported beside what could be read
(vci-directory #300).
"""
