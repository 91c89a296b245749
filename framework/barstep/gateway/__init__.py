"""The embedded gateway: one handler `(path, body) -> dict` over the replay, used in process and served over HTTP."""
