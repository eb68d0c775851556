-- One row per name in the logs that the models do not know and that was first used at or after `since`, the newest first.
-- A type of record or a field is known where it stands below: seen when the models were written. A field is known by its
-- name, whatever record has it. A version is known up to the newest one seen then; `known_to` says which.
with

known_versions as (
    select * from (values ('claude', '2.1.232'), ('codex', '1.19.2')) as versions(source, known_to)
),

-- Claude Code 0.2 to 2.1 and Codex 0.34 to 1.19 (session-formats 1.2 to 1.4, 2.3 to 2.5).
known_words as (
    select source, kind, unnest(regexp_extract_all(words, '\S+')) as name
    from (values
        ('claude', 'record type', '
            agent-name ai-title bridge-session custom-title file-history-delta file-history-snapshot fork-context-ref
            frame-link last-prompt mode permission-mode pr-link result started summary
            assistant assistant/server_tool_use assistant/text assistant/thinking assistant/redacted_thinking
            assistant/tool_use assistant/web_search_tool_result
            user user/document user/image user/text user/tool_result
            queue-operation/dequeue queue-operation/enqueue queue-operation/popAll queue-operation/remove
            progress/agent_progress progress/bash_progress progress/hook_progress progress/mcp_progress
            progress/query_update progress/search_results_received progress/waiting_for_task
            system system/api_error system/away_summary system/bridge_status system/compact_boundary
            system/informational system/local_command system/microcompact_boundary system/scheduled_task_fire
            system/stop_hook_summary system/turn_duration
            attachment/agent_listing_delta attachment/auto_mode attachment/auto_mode_exit attachment/command_permissions
            attachment/compact_file_reference attachment/companion_intro attachment/date_change
            attachment/deferred_tools_delta attachment/directory attachment/edited_text_file attachment/environment
            attachment/file attachment/hook_additional_context attachment/hook_success attachment/hook_system_message
            attachment/instructions attachment/invoked_skills attachment/mcp_instructions_delta attachment/model
            attachment/nested_memory attachment/opened_file_in_ide attachment/plan_file_reference attachment/plan_mode
            attachment/plan_mode_exit attachment/plan_mode_reentry attachment/prompt_snapshot attachment/queued_command
            attachment/read_truncation_notice attachment/selected_lines_in_ide attachment/skill_listing
            attachment/task_reminder attachment/todo_reminder attachment/total_tokens_reminder'),
        ('claude', 'field', '
            agentId agentName aiTitle apiError apiErrorStatus attachment attributionAgent attributionMcpServer
            attributionMcpTool attributionPlugin attributionSkill backup bridgeSessionId cause classifierMetaLines
            compactMetadata content contextLength costUSD customTitle cwd data durationMs effort entrypoint error gitBranch
            hasOutput hookCount hookErrors hookInfos imagePasteIds interruptedMessageId isAbortedMidStream
            isApiErrorMessage isAtMentionRead isCompactSummary isMeta isSidechain isSnapshotUpdate
            isVisibleInTranscriptOnly lastPrompt lastSequenceNum leafUuid level logicalParentUuid maxRetries message
            messageCount messageId microcompactMetadata mode model operation origin originalCwd parentLastUuid
            parentSessionId parentToolUseID parentUuid permissionMode planContent prNumber prRepository prUrl
            preventedContinuation promptId promptSource requestId retryAttempt retryInMs role sessionId session_id slug
            snapshot snapshotMessageId sourceToolAssistantUUID sourceToolUseID stopReason subtype summary thinkingMetadata
            timestamp todos toolDenialKind toolUseID toolUseResult trackingPath type url userFeedback userType uuid
            version'),
        ('codex', 'record type', '
            compacted inter_agent_communication inter_agent_communication_metadata session_meta state
            token_usage_record turn_context world_state
            event_msg/agent_message event_msg/agent_reasoning event_msg/collab_agent_spawn_end event_msg/collab_waiting_end
            event_msg/context_compacted event_msg/entered_review_mode event_msg/exec_command_end
            event_msg/exited_review_mode event_msg/guardian_assessment event_msg/item_completed/AgentMessage
            event_msg/item_completed/CommandExecution event_msg/item_completed/ContextCompaction
            event_msg/item_completed/FileChange event_msg/item_completed/McpToolCall event_msg/item_completed/Plan
            event_msg/item_completed/Reasoning event_msg/item_completed/SubAgentActivity
            event_msg/item_completed/UserMessage event_msg/item_completed/WebSearch event_msg/mcp_tool_call_end
            event_msg/patch_apply_end event_msg/sub_agent_activity event_msg/task_complete event_msg/task_started
            event_msg/thread_name_updated event_msg/thread_rolled_back event_msg/thread_settings_applied
            event_msg/token_count event_msg/turn_aborted event_msg/user_message event_msg/web_search_end
            response_item/agent_message response_item/compaction response_item/context_compaction
            response_item/custom_tool_call response_item/custom_tool_call_output response_item/function_call
            response_item/function_call_output response_item/ghost_snapshot response_item/image_generation_call
            response_item/local_shell_call response_item/message response_item/reasoning response_item/tool_search_call
            response_item/tool_search_output response_item/web_search_call'),
        ('codex', 'field', '
            action agent_nickname agent_path agent_role agent_statuses aggregated_output approval_policy approvals_reviewer
            arguments audio author base_instructions call_id changes cli_version client_id collaboration_mode
            collaboration_mode_kind command comp_hash completed_at completed_at_ms content context_window current_date cwd
            decision_source detail developer_instructions duration duration_ms dynamic_tools effort encrypted_content error
            exit_code file_system_sandbox_policy final_output_json_schema first_window_id forked_from_id formatted_output
            full ghost_commit git history_base history_mode id images info input instructions
            internal_chat_message_metadata_passthrough item kind last_agent_message local_audio local_images
            memory_citation memory_mode message model model_context_window model_provider multi_agent_mode
            multi_agent_version name namespace new_agent_nickname new_agent_role new_thread_id num_turns ordinal originator
            output parent_thread_id parsed_cmd payload permission_profile personality phase previous_window_id process_id
            prompt query rate_limits rationale realtime_active reason reasoning_effort recipient record_type
            replacement_history response_id review_output risk_level role root_turn_id runtime_workspace_roots
            sandbox_policy sender_thread_id session_id source started_at started_at_ms state status statuses stderr stdout
            subagent_history_start_ordinal success summary target target_item_id text text_elements thread_id thread_name
            thread_settings thread_source thread_token_usage time_to_first_token_ms timestamp timezone trigger_turn
            truncation_policy turn_id turn_token_usage type usage user_authorization user_facing_hint user_instructions
            window_id window_number workspace_roots')
    ) as lists(source, kind, words)
),

unknown_words as (
    select * from core.log_names anti join known_words using (source, kind, name) where kind <> 'version'
),

unknown_types as (
    select source, name from unknown_words where kind = 'record type'
),

-- Of an unknown type neither its fields nor its parts are worth a word of their own. One field is told once, with the first
-- type that had it.
new_words as (
    select
        source,
        kind,
        arg_min(record_type, (first_at, record_type)) as record_type,
        name,
        sum(record_count)::bigint as record_count,
        min(first_at) as first_at,
        arg_min(source_path, (first_at, record_type)) as source_path,
        null::varchar as known_to,
    from unknown_words
    where not exists (
        from unknown_types
        where unknown_types.source = unknown_words.source
            and (unknown_types.name = unknown_words.record_type
                or starts_with(unknown_words.name, unknown_types.name || '/'))
    )
    group by source, kind, name
    having min(first_at) >= getvariable('since')::timestamp
),

-- Of the versions beyond the known ones the newest stands for all.
later_versions as (
    select
        names.* replace (sum(names.record_count) over (partition by names.source)::bigint as record_count),
        known_versions.known_to,
        list_transform(regexp_extract_all(names.name, '\d{1,9}'), lambda part: part::integer) as parts,
    from core.log_names as names
    join known_versions using (source)
    where names.kind = 'version'
        and list_transform(regexp_extract_all(names.name, '\d{1,9}')[:3], lambda part: part::integer)
            > list_transform(regexp_extract_all(known_versions.known_to, '\d{1,9}')[:3], lambda part: part::integer)
    qualify row_number() over (partition by names.source order by parts desc, names.name desc) = 1
),

new_versions as (
    select * exclude (parts) from later_versions where first_at >= getvariable('since')::timestamp
),

found as (
    select * from new_words
    union all by name
    select * from new_versions
)

select *
from found
order by kind, first_at desc, source, record_type, name
