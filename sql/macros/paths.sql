-- A folder with its owner's home written ~ (Linux, macOS, Windows, WSL): core names projects, not people.
create or replace macro home_as_tilde(path) as regexp_replace(
    path,
    '^((/mnt/[a-z])?/(home|Users)/[^/]+|/root|[A-Za-z]:[/\\]Users[/\\][^/\\]+)([/\\]|$)',
    '~\4');
