-- Without white space at its ends, newlines too.
create or replace macro trimmed(text) as trim(text, ' ' || chr(9) || chr(10) || chr(13));
