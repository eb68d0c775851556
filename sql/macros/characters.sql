-- Without white space at its ends, newlines too. trim() looks at every character of a text and takes three times as long.
create or replace macro trimmed(text) as regexp_replace(text, '^[ \t\n\r]+|[ \t\n\r]+$', '', 'g');

-- Whether nothing would be left of a text, trimmed.
create or replace macro is_blank(text) as not regexp_matches(text, '[^ \t\n\r]');
