"""The reference client `jakelu pull`: published files over HTTP, for a scheduled job.

    config → lock → login → /v1/me → downloads → for each: ask → receive → check → put in place

It knows the gateway by docs/api.md alone and imports nothing else of this package, so that it shows what
any client must do, and cannot be right only because both sides share a mistake.
"""
