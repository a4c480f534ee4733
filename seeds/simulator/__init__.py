"""A race weekend played from outside: the system under it is known only by what a crew and officials can send to it."""
