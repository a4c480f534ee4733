"""The health of the line: what a crew and an official have to see within seconds."""
