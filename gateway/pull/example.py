"""What `jakelu pull --init` prints: a config file that explains itself."""

EXAMPLE = """\
# jakelu-pull.toml: what to fetch from Jakelu, as whom, and where to.
# Paths are relative to the folder of this file. docs/pull.md explains each key.

gateway = "https://jakelu.example.fi"
out = "data"                     # data/<product>/<area>/<product>.parquet
# ca_file = "ca.pem"             # a private certificate authority, for the gateway and the token endpoint
# group_readable = false         # true: folders 0750 and files 0640 in place of 0700 and 0600

# Everything that /v1/me says you may have: rows of each of your areas, and whole cubes, as Parquet.
products = "all"

# Or a table for each download, in place of products = "all":
#
# [[download]]
# product = "job-seeker-spells"
# area = "39"                    # without it: every area of yours
# format = "parquet"             # parquet can be resumed and is checked by SHA-256; csv, arrow, ndjson
# columns = ["municipality", "started"]
# municipality = ["837"]
# purpose = "employment-service-management"   # only when your subscriptions allow several
# name = "spells"                # data/job-seeker-spells/39/spells.parquet
#
# [[download]]
# product = "job-seekers"
# format = "csv"                 # or parquet, arrow, json-stat2
# lang = "fi"
# select = { geography = ["SSS", "TA39"], measure = ["unemployed"] }   # without it: the whole cube

# Who you are: one of the three tables.

[oauth]                          # a token of your own, by client_credentials and private_key_jwt
issuer = "https://login.example.fi"   # or token_endpoint = "https://login.example.fi/token"
client_id = "your-client-id"
key_file = "client-key.pem"      # mode 0600; `jakelu pull --jwks` prints its public half to register
algorithm = "PS256"              # or ES256, by the kind of the key
dpop = false                     # true: a token that is of no use without a key of this run (RFC 9449)
# key_id = "2026-1"              # by default the key's thumbprint (RFC 7638)
# scope = "jakelu"
# resource = "https://jakelu.example.fi"      # RFC 8707; some issuers want audience instead
# audience = "jakelu"

# [access_key]                   # where there is no OAuth client
# file = "access-key.txt"        # the key as it was shown, jkl_…; mode 0600

# [token]                        # for trying out: a token that somebody else fetched
# env = "JAKELU_TOKEN"           # or file = "token.txt", mode 0600

# [patience]
# attempts = 5                   # of each download
# wait_seconds_max = 300         # the longest Retry-After that is waited for
# timeout_seconds = 60           # of silence
"""
