-- The parts of canonical JSON (RFC 8785), as they stand in it. ClickHouse's own readers write numbers anew, and read no
-- text that holds an integer of more than 64 bits.

-- How deep in objects and lists one stands after each of the tokens.
create or replace function json_depths as (tokens) -> arrayCumSum(
    depths_token -> multiIf(depths_token in ('{', '['), 1, depths_token in ('}', ']'), -1, 0), tokens);

-- The children of an object or list, each as its tokens, behind the sign that stands before it.
create or replace function json_children as (json) -> arrayMap(
    children_tokens -> arraySplit(
        (children_token, children_depth) -> children_depth = 1 and children_token = ',',
        children_tokens,
        json_depths(children_tokens)),
    [arrayPopBack(json_tokens(ifNull(json, '')))])[1];

-- A string of JSON as the text it stands for.
create or replace function json_unquoted as (value) -> if(
    position(value, '\\') = 0, substring(value, 2, length(value) - 2), JSONExtractString(value));

-- The fields of an object, under each key the JSON text of its value; of what is no object none.
create or replace function json_fields as (json) -> arrayMap(
    fields_children -> mapFromArrays(
        arrayMap(fields_child -> json_unquoted(fields_child[2]), fields_children),
        arrayMap(fields_child -> arrayStringConcat(arraySlice(fields_child, 4)), fields_children)),
    [arrayFilter(fields_child -> fields_child[1] in ('{', ',') and fields_child[3] = ':',
        if(startsWith(ifNull(json, ''), '{'), json_children(json), []))])[1];

-- The items of a list, each as its JSON text; of what is no list none.
create or replace function json_items as (json) -> arrayFilter(
    items_item -> items_item <> '',
    arrayMap(
        items_child -> arrayStringConcat(arraySlice(items_child, 2)),
        if(startsWith(ifNull(json, ''), '['), json_children(json), [])));

-- The text of a JSON value: a string's own characters, anything else as JSON; null stays null.
create or replace function json_string as (value) -> multiIf(
    startsWith(value, '"'), json_unquoted(value), value in ('', 'null'), null, value);
