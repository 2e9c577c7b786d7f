"""The REST interface: rows and cubes at Starlette level, everything about them through FastAPI."""
