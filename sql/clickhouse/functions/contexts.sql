-- What a turn puts into the contexts of later ones: SHA-256 of its place among the turns that stood and of its words.
create or replace function context_part as (place, words_hash) -> sha256(concat(toString(place), ',', words_hash));

-- The first or second 64 bits of a SHA-256 as a number: of numbers there are sums.
create or replace function hash_lane as (hash, lane) ->
    toInt128(reinterpretAsUInt64(reverse(unhex(substring(hash, 16 * lane - 15, 16)))));

-- The hash of a context, of the sums over its parts in both lanes; null is the sum of none.
create or replace function context_hash as (first_sum, second_sum) ->
    sha256(concat(toString(coalesce(first_sum, 0)), ',', toString(coalesce(second_sum, 0))));
