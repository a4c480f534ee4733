"""The front door: what stands between the network and Django's threads.

`limits` says how much of everything, `bodies` takes a request's body into a file, `outflow` takes an answer from its
thread, `gate` joins them around a2wsgi. `config.asgi` sends each request to the gate or to the live stream hub.
"""
