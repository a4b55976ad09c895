"""The demonstration: a registry and three provinces on this machine, and the story of their codes.

``residents`` makes people, ``phone`` plays a holder's phone, ``world`` runs the servers, ``story`` tells it.
"""
