-- 64 bits of a text's MD5. The same for ever, which hash() is not; md5_number_lower() takes them from a string of bits and is
-- four times as slow.
create or replace macro md5_bits(value) as (md5_number(value) & 18446744073709551615)::ubigint;

-- A number (32 bits) for each word of a text that normal_text made.
create or replace macro word_hash(word) as (md5_number(word) & 4294967295)::uinteger;
create or replace macro word_hashes(value) as list_transform(string_split(value, ' '), lambda word: word_hash(word));

-- A text under five words is one shingle.
create or replace macro five_or_more(words) as list_resize(words, greatest(len(words), 5), 0);

-- The hash (32 bits) of five words in a row, from the numbers of the words: their sum, each times a number of its place,
-- modulo a prime.
create or replace macro shingle_hash(first, second, third, fourth, fifth) as ((
    first * 507278393::ubigint + second * 449366653::ubigint + third * 535517281::ubigint
    + fourth * 372056117::ubigint + fifth * 493827173::ubigint
) % 4294967291)::uinteger;

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

-- The least of each slot over the minima of several texts.
create or replace macro least_minima(minima) as [
    min(minima[1]), min(minima[2]), min(minima[3]), min(minima[4]),
    min(minima[5]), min(minima[6]), min(minima[7]), min(minima[8])
];

-- All 160 slots in their order, from the minima of the bands that have any, in any order.
create or replace macro all_slots(bands, minima) as flatten(list_transform(
    range(20),
    lambda band: coalesce(minima[list_position(bands, band)], [null, null, null, null, null, null, null, null])));

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
