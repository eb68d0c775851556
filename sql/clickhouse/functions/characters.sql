-- Without white space at its ends, newlines too.
create or replace function trimmed as (value) -> trim(both ' \t\n\r' from value);

-- SHA-256 in hex, as DuckDB writes it.
create or replace function sha256 as (value) -> lower(hex(SHA256(value)));
