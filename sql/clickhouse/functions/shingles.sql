-- What near duplicates are found by, number for number that of sql/macros/shingles.sql.

-- 64 bits of a text's MD5.
create or replace function md5_bits as (value) -> reinterpretAsUInt64(substring(MD5(value), 1, 8));

-- A number (32 bits) for each word of a text that normal_text made.
create or replace function word_hash as (word) -> reinterpretAsUInt32(substring(MD5(word), 1, 4));
create or replace function word_hashes as (value) -> arrayMap(word -> word_hash(word), splitByChar(' ', value));

-- The hash (32 bits) of five words in a row, from the numbers of the words: their sum, each times a number of its place,
-- modulo a prime.
create or replace function shingle_hash as (first, second, third, fourth, fifth) -> toUInt32((
    first * toUInt64(507278393) + second * toUInt64(449366653) + third * toUInt64(535517281)
    + fourth * toUInt64(372056117) + fifth * toUInt64(493827173)
) % 4294967291);

-- The shingles of a text's words, in their order; a text under five words is one shingle.
create or replace function word_shingles as (words) -> arrayMap(
    place -> shingle_hash(
        words[place], words[place + 1], words[place + 2], words[place + 3], words[place + 4]),
    range(1, greatest(length(words), 5) - 3));

-- Of the 160 slots (20 bands of 8) of MinHash with one permutation that which a shingle falls into, from 1.
create or replace function slot_of as (shingle) -> shingle % 20 * 8 + intDiv(shingle, 20) % 8 + 1;

-- All 160 slots in their order, from those that have a shingle, in any order; null where none fell.
create or replace function all_slots as (filled, minima) -> arrayMap(
    slot -> if(has(filled, slot), minima[indexOf(filled, slot)], null), range(1, 161));

-- Of the 160 slots, each empty one takes what stands in the first of four others, fixed for it.
create or replace function filled_slots as (slots) -> arrayMap(slot -> coalesce(
    slots[slot + 1],
    slots[(slot * 7 + 31) % 160 + 1],
    slots[(slot * 77 + 3) % 160 + 1],
    slots[(slot * 123 + 91) % 160 + 1],
    slots[(slot * 51 + 67) % 160 + 1]
), range(160));

-- What stands in the 160 slots, mixed with the number of its slot; in slots still empty the least shingle of all.
create or replace function numbered_slots as (slots, least) -> arrayMap(
    slot -> (toInt64(coalesce(slots[slot + 1], least)) + slot * 16777619) * 1103515245 % 4294967279, range(160));

-- The hashes of the 20 bands. Texts of Jaccard similarity j share each with probability j^8.
create or replace function band_hashes as (slots) -> arrayMap(
    band -> toUInt32(arrayReduce('groupBitXor', arraySlice(slots, band * 8 + 1, 8))), range(20));
