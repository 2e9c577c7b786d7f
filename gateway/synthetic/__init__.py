"""The demo warehouse: plausible people in real geography, none of them real.

`generate` builds the DuckDB file; `secrets_of` and `SECRET_FORMS` say what of it may never be seen
downstream. Batch side only: importing this loads DuckDB.
"""

from gateway.synthetic.secrets import SECRET_FORMS, secrets_of
from gateway.synthetic.warehouse import Built, generate

__all__ = ["SECRET_FORMS", "Built", "generate", "secrets_of"]
