-- Text without what changes from run to run: ids (UUIDs, tool and message ids, 16 or more hex digits) and the folders of
-- paths, of which the last name stays, so that one file seen from two checkouts reads alike.
create or replace macro without_volatile(value) as regexp_replace(
    regexp_replace(
        value,
        '\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b'
            || '|\b(toolu|srvtoolu|msg|call|req|resp|rs|fc|ctc|ws|item|chatcmpl)_[0-9a-z_]{8,}\b'
            || '|\b[0-9a-f]{16,}\b',
        '',
        'gi'),
    '(^|[\s"''`(=:,<\[])(~|[a-z]:)?([/\\][^\s/\\"''`()\[\]<>,;:]+)*[/\\]([^\s/\\"''`()\[\]<>,;:]+)',
    '\1\4',
    'gi');

-- White space (with that of Unicode) collapsed to single spaces. A single space is no match: to replace each by itself would
-- take most of the time that hashing a text takes.
create or replace macro collapsed(value) as trim(regexp_replace(
    value,
    '[\s\p{Z}]{2,}|[\t\n\f\r\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]',
    ' ',
    'g'));

-- Whether a text is in NFC by its characters alone: none of them is written otherwise in it or joins with another. True of
-- what most texts are made of (Latin, Greek, Cyrillic, kana, ideographs, punctuation, arrows, frames, pictures).
create or replace macro is_plainly_normal(value) as not regexp_matches(
    value,
    '[^\x{0}-\x{2FF}\x{388}-\x{482}\x{2002}-\x{20CF}\x{2190}-\x{2328}\x{2400}-\x{2ADB}\x{2E00}-\x{3029}\x{3030}-\x{3096}'
        || '\x{309B}-\x{A66E}\x{FE30}-\x{FFFD}\x{1F000}-\x{1FAFF}]');

-- Unicode's NFC. DuckDB 1.5 normalises no further than to the first NUL, so that one is written as its symbol.
create or replace macro normalized(value) as
    case
        when is_plainly_normal(value) then replace(value, chr(0), chr(9216))
        else nfc_normalize(replace(value, chr(0), chr(9216))) end;

-- Text as hashes see it: NFC, lower case, volatile ids and folders dropped, white space collapsed. Where nothing is left
-- of it (a question that is one id), only case and white space are touched: else all such texts would be one.
create or replace macro normal_text(value) as coalesce(
    nullif(collapsed(without_volatile(lower(normalized(value)))), ''),
    collapsed(lower(normalized(value))));

-- SHA-256 (hex) of the normal text: equal for texts that differ only in case, white space, ids and folders.
create or replace macro text_hash(value) as sha256(normal_text(value));

-- Whether a text says anything: false for null and for white space alone.
create or replace macro has_words(value) as coalesce(regexp_matches(value, '[^\s\p{Z}]'), false);

-- Whether a prompt is the one before it with words added or taken away at an end. Under 8 characters everything is.
create or replace macro is_edited_prompt(before, now) as coalesce(
    length(trimmed(before)) >= 8 and length(trimmed(now)) >= 8
        and (contains(now, trimmed(before)) or contains(before, trimmed(now))),
    false);
