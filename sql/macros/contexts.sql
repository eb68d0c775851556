-- What a turn puts into the contexts of later ones: SHA-256 of its place among the turns that stood and of its words.
create or replace macro context_part(place, words_hash) as sha256(place || ',' || words_hash);

-- The first or second 64 bits of a SHA-256 as a number: of numbers there are sums.
create or replace macro hash_lane(hash, lane) as ('0x' || substr(hash, 16 * lane - 15, 16))::ubigint::hugeint;

-- The hash of a context, of the sums over its parts in both lanes; null is the sum of none.
create or replace macro context_hash(first_sum, second_sum) as
    sha256(coalesce(first_sum, 0) || ',' || coalesce(second_sum, 0));
