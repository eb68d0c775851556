-- The texts that hashes see, character for character those of sql/macros/text.sql.

-- Unicode's NFC, a NUL as its symbol.
create or replace function normalized as (value) -> normalizeUTF8NFC(replaceAll(value, '\0', char(226, 144, 128)));

-- Lower case a character at a time: what stands around a sigma does not matter, and no character becomes two.
create or replace function lower_case as (value) -> lowerUTF8(
    replaceAll(replaceAll(value, 'Σ', 'σ'), 'İ', 'i'));

-- Text without what changes from run to run: ids (UUIDs, tool and message ids, 16 or more hex digits) and the folders of
-- paths, of which the last name stays, so that one file seen from two checkouts reads alike.
create or replace function without_volatile as (value) -> replaceRegexpAll(
    replaceRegexpAll(
        value,
        concat(
            $$(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b$$,
            $$|\b(toolu|srvtoolu|msg|call|req|resp|rs|fc|ctc|ws|item|chatcmpl)_[0-9a-z_]{8,}\b$$,
            $$|\b[0-9a-f]{16,}\b$$),
        ''),
    $$(?i)(^|[\s"'`(=:,<\[])(~|[a-z]:)?([/\\][^\s/\\"'`()\[\]<>,;:]+)*[/\\]([^\s/\\"'`()\[\]<>,;:]+)$$,
    $$\1\4$$);

-- White space (with that of Unicode) collapsed to single spaces.
create or replace function collapsed as (value) -> trimBoth(replaceRegexpAll(
    value,
    $$[\s\p{Z}]{2,}|[\t\n\f\r\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]$$,
    ' '));

-- Text as hashes see it: NFC, lower case, volatile ids and folders dropped, white space collapsed. Where nothing is left
-- of it (a question that is one id), only case and white space are touched: else all such texts would be one.
create or replace function normal_text as (value) -> coalesce(
    nullIf(collapsed(without_volatile(lower_case(normalized(value)))), ''),
    collapsed(lower_case(normalized(value))));

-- SHA-256 (hex) of the normal text: equal for texts that differ only in case, white space, ids and folders.
create or replace function text_hash as (value) -> sha256(normal_text(value));

-- Whether a text says anything: false for null and for white space alone.
create or replace function has_words as (value) -> coalesce(match(value, $$[^\s\p{Z}]$$), false);

-- Whether a prompt is the one before it with words added or taken away at an end. Under 8 characters everything is.
create or replace function is_edited_prompt as (before, now) -> coalesce(
    lengthUTF8(trimmed(before)) >= 8 and lengthUTF8(trimmed(now)) >= 8
        and (position(now, trimmed(before)) > 0 or position(before, trimmed(now)) > 0),
    false);
