"""What `./run` is made of: Python's standard library only, because it runs before anything is installed."""
