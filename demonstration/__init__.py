"""The demonstration: a registry and three provinces on this machine, and the story of their codes.

``residents`` makes people, ``phone`` plays a holder's phone, ``props`` are what is shown, ``world`` runs the servers,
``cast`` plays in it, ``story`` tells it.
"""
