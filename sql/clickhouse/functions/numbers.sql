-- A number without its fraction, a half rounded away from zero as in DuckDB; ClickHouse rounds it to the even neighbour.
create or replace function rounded as (number) -> if(
    abs(number - trunc(number)) = 0.5, number + sign(number) * 0.5, round(number));

-- A number, 0 where it is less; null stays null, which greatest() takes for the smallest.
create or replace function not_negative as (value) -> if(value < 0, 0, value);
