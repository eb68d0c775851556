-- What near duplicates are found by, number for number that of sql/macros/shingles.sql. No lambda here names an array from
-- outside of it: ClickHouse would copy it once an element.

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
    (first_word, second_word, third_word, fourth_word, fifth_word) ->
        shingle_hash(first_word, second_word, third_word, fourth_word, fifth_word),
    arrayPopBack(arrayPopBack(arrayPopBack(arrayPopBack(five_or_more(words))))),
    arraySlice(five_or_more(words), 2, length(five_or_more(words)) - 4),
    arraySlice(five_or_more(words), 3, length(five_or_more(words)) - 4),
    arraySlice(five_or_more(words), 4, length(five_or_more(words)) - 4),
    arraySlice(five_or_more(words), 5));

create or replace function five_or_more as (words) -> arrayResize(words, greatest(length(words), 5), 0);

-- Of the 160 slots (20 bands of 8) of MinHash with one permutation that which a shingle falls into, from 0. A slot that none
-- fell into holds -1.
create or replace function slot_of as (shingle) -> shingle % 20 * 8 + intDiv(shingle, 20) % 8;

-- Of the 160 slots, each empty one takes what stands in the first of four others, fixed for it: those that sql/macros
-- has as slot * 7 + 31 and so on, of which these are the inverses.
create or replace function filled_slots as (slots) -> arrayMap(
    (here, first_other, second_other, third_other, fourth_other) -> multiIf(
        here >= 0, here,
        first_other >= 0, first_other,
        second_other >= 0, second_other,
        third_other >= 0, third_other,
        fourth_other),
    slots,
    moved_slots(slots, 129, 23),
    moved_slots(slots, 157, 133),
    moved_slots(slots, 69, 147),
    moved_slots(slots, 93, 91));

-- The slots in another order: slot n goes to (n + shift) * factor % 160.
create or replace function moved_slots as (slots, shift, factor) -> arraySort(
    (slot_value, slot_place) -> slot_place,
    slots,
    arrayMap(slot_no -> (slot_no + shift) * factor % 160, range(160)));

-- What stands in the 160 slots, mixed with the number of its slot; in slots still empty the least shingle of all.
create or replace function numbered_slots as (slots, least_shingle) -> arrayMap(
    (slot_value, slot_no) ->
        (if(slot_value >= 0, slot_value, least_shingle) + slot_no * 16777619) * 1103515245 % 4294967279,
    slots,
    range(160));

-- The hashes of the 20 bands. Texts of Jaccard similarity j share each with probability j^8.
create or replace function band_hashes as (slots) -> arrayMap(
    band_hash -> toUInt32(band_hash),
    arrayReduceInRanges('groupBitXor', arrayMap(band_no -> (band_no * 8 + 1, 8), range(20)), slots));
