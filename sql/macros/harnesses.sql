-- The agent as datasets name it: `harness` and `teacher_model`, since `source` and `model` beside messages are taken for
-- another trace format by trainers (dataset-contract, traps).
create or replace macro harness_name(agent) as case agent when 'claude' then 'claude-code' else agent end;
