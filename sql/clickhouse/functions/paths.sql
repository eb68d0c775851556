-- A folder with its owner's home written ~ (Linux, macOS, Windows, WSL): core names projects, not people.
create or replace function home_as_tilde as (path) -> replaceRegexpOne(
    path,
    $$^((/mnt/[a-z])?/(home|Users)/[^/]+|/root|[A-Za-z]:[/\\]Users[/\\][^/\\]+)([/\\]|$)$$,
    $$~\4$$);
