"""The routers of the API, one file each; every one is a function of what it reads."""
