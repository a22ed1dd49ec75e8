-- Keys of the API. The secret itself is shown once, when the key is made; here lies only its SHA-256.
CREATE TABLE api_key (
  id text PRIMARY KEY,
  secret_sha256 text NOT NULL,
  owner text NOT NULL,
  note text NOT NULL,
  scopes text NOT NULL,
  created_at bigint NOT NULL DEFAULT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint),
  revoked_at bigint
);
