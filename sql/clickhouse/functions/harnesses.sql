-- The agent as datasets name it: `harness` and `teacher_model`, since `source` and `model` beside messages are taken for
-- another trace format by trainers (dataset-contract, traps).
create or replace function harness_name as (agent) -> if(agent = 'claude', 'claude-code', toString(agent));
