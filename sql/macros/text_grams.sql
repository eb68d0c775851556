-- The words of a text as decontamination compares them: of the normal text, its letters and digits alone, each as a number
-- below 2^32.
create or replace macro gram_words(value) as list_transform(
    list_filter(
        string_split(regexp_replace(normal_text(value), '[^\p{L}\p{N}]+', ' ', 'g'), ' '),
        lambda word: word <> ''),
    lambda word: word_hash(word)::ubigint);

-- One number below 2^64 for 13 words in a row; null stands for none.
create or replace macro gram_hash(w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13) as
    coalesce(w1, 0) * 268435399 + coalesce(w2, 0) * 268435367 + coalesce(w3, 0) * 268435361
    + coalesce(w4, 0) * 268435337 + coalesce(w5, 0) * 268435331 + coalesce(w6, 0) * 268435313
    + coalesce(w7, 0) * 268435291 + coalesce(w8, 0) * 268435273 + coalesce(w9, 0) * 268435243
    + coalesce(w10, 0) * 268435183 + coalesce(w11, 0) * 268435171 + coalesce(w12, 0) * 268435157
    + coalesce(w13, 0) * 268435147;
