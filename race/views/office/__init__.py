"""Pages of the office, one file a screen; `access` says who may see them and which edition they are about."""
