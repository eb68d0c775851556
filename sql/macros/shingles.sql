-- Id of the document that near duplicates of a conversation (a segment of a session) are looked for under.
create or replace macro conversation_document_id(session_id, segment_no) as
    left(sha256('conversation|' || session_id || '|' || segment_no), 32);

-- A number for each word of a text that normal_text made. A word of up to 8 bytes is its own number: MD5 for each would take
-- half the time of a signature. 1932735323 is a prime, so two words share a number once in 2^31.
create or replace macro word_hash(word) as
    case when strlen(word) <= 8 then encode(word)::bit::ubigint else md5_number_lower(word) end % 1932735323;
create or replace macro word_hashes(value) as list_transform(string_split(value, ' '), lambda word: word_hash(word));

-- The hash (32 bits) of five words in a row, from the numbers of the words. Remainders by two primes mix it; arithmetic alone
-- is the same for ever, which hash() is not.
create or replace macro shingle_hash(first, second, third, fourth, fifth) as ((
    first * 1014556789::ubigint + second * 898733321::ubigint + third * 1071034567::ubigint
    + fourth * 744112233::ubigint + fifth * 987654321::ubigint
) % 4294967291 * 2654435769 % 4294967279)::uinteger;

-- MinHash with one permutation: a shingle falls into one of 160 slots (20 bands of 8) by its hash, and the least shingle of
-- a slot stands for it. Of the shingles of one band the least of each slot; null where none fell.
create or replace macro slot_minima(shingle) as [
    min(shingle) filter (where shingle // 20 % 8 = 0),
    min(shingle) filter (where shingle // 20 % 8 = 1),
    min(shingle) filter (where shingle // 20 % 8 = 2),
    min(shingle) filter (where shingle // 20 % 8 = 3),
    min(shingle) filter (where shingle // 20 % 8 = 4),
    min(shingle) filter (where shingle // 20 % 8 = 5),
    min(shingle) filter (where shingle // 20 % 8 = 6),
    min(shingle) filter (where shingle // 20 % 8 = 7)
];

-- Of the 160 slots, each empty one takes what stands in the first of four others, fixed for it. A short text leaves most
-- slots empty: a second pass looks into the places of those four, and so on; three passes fill all but texts of few words.
create or replace macro filled_slots(slots) as list_transform(range(160), lambda slot: coalesce(
    slots[slot + 1],
    slots[(slot * 7 + 31) % 160 + 1],
    slots[(slot * 77 + 3) % 160 + 1],
    slots[(slot * 123 + 91) % 160 + 1],
    slots[(slot * 51 + 67) % 160 + 1]
));

-- What stands in the 160 slots, mixed with the number of its slot; in slots still empty the least shingle of all.
create or replace macro numbered_slots(slots, least) as list_transform(
    range(160),
    lambda slot: (coalesce(slots[slot + 1], least) + slot * 16777619) * 1103515245 % 4294967279);

-- The hashes of the 20 bands. Texts of Jaccard similarity j share each with probability j^8.
create or replace macro band_hashes(slots) as list_transform(
    range(0, 160, 8),
    lambda band: list_bit_xor(slots[band + 1:band + 8])::uinteger);
