-- Keys of the API. The secret itself is shown once, when the key is made; here lies only its SHA-256.
CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  secret_sha256 TEXT NOT NULL,
  owner TEXT NOT NULL,
  note TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  revoked_at INTEGER
) STRICT;
