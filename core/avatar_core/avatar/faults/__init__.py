"""Planted faults: what an avatar does wrong on purpose, so that it can be shown that the bench notices.

`table` names them all; `speech`, `pictures`, `echo` and `delays` spoil media, `answers` what is told on the wire,
`life` how a worker comes and goes. Nothing in here measures.
"""
