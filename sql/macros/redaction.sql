-- Whether a text may hold a token of a service, by the letters that those begin with or hold. One linear pass; it finds at
-- least what the token rules of pipelines/lib/redaction find (a property test holds that).
create or replace macro may_hold_token(value) as regexp_matches(value,
    'sk-[A-Za-z0-9]{20}|sk-(ant|proj|svcacct|admin|None|or-v1|lf|litellm)-|T3BlbkFJ|gsk_|hf_|api_org_|r8_|pplx-|xai-|nvapi-'
    || '|csk-|tgp_v1_|fw_|tvly-|fc-[0-9a-f]{8}|lsv2_|pcsk_|sk_[0-9a-f]{8}|jina_|e2b_|wandb_v1_|(key|crsr)_[0-9a-f]{8}|JQQJ99'
    || '|ABSK|bedrock-api-key-'
    || '|AKIA|ASIA|ABIA|ACCA|AIza|ya29\.|GOCSPX-|1//0|[78]Q~|AZDO|AzFu|AzCa|AzSe|ACDb|AIoT|do[opr]_v1_|HRKU-'
    || '|v1\.0-[0-9a-f]{8}|cf(k|ut|at)_|LTAI|AKID|gh[pousr]_|github_pat_|gl[a-z]{2,6}-|GR1348941|ATBB|ATCTT3|npm_|pypi-Ag'
    || '|rubygems_|cio[A-Za-z0-9]{32}|oy2[a-z0-9]{43}|CLOJARS_|dckr_|AKCp|cmVmd|\.atlasv1\.|hv[sbr]\.|pul-[0-9a-f]{8}|dapi'
    || '|vc[piark]_|nf[pcou]_|fm[12][ar]?_|fo1_|rnd_|tskey-|2[A-Za-z0-9]{26}_|sbp_|sb_secret_|pscale_|napi_|dp\.[a-z]|CCIP'
    || '|bkua_|sq[apu]_|sntry|glc_|glsa_|NR(AK|II|RA|JS)-|NRAL|dt0|(sdk|api)-[0-9a-f]{8}-|PMAK-|pnu_|AGE-SECRET|ops_ey'
    || '|A3-[A-Z0-9]{6}-'
    || '|eyJ[A-Za-z0-9_-]{8}|[rs]k_(live|test|prod)_|whsec_|sq0|EAA[A-Z]|access_token\$|shp[a-z]{2,3}_|access-[a-z]+-[0-9a-f]{8}-'
    || '|EZ[AT]K|shippo_|xox|xapp-|hooks\.slack|api/webhooks/|webhook\.office|[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.'
    || '|\d{8}:AA|SK[0-9a-f]{32}|SG\.[A-Za-z0-9_-]{8}|key-[0-9a-f]{32}|[0-9a-f]{32}-(us\d|[0-9a-f]{8}-[0-9a-f]{8})'
    || '|x(key|smtp)sib-|re_[A-Za-z0-9]{8}_|AAAA[A-Za-z0-9_-]{7}:|A{20}|lin_(api|oauth)_|ntn_|secret_[A-Za-z0-9]{8}'
    || '|pat[A-Za-z0-9]{14}\.|/\d{12,20}:[0-9a-f]{8}|ATATT3|ATTA[0-9a-f]{8}|fig[du]_|sl\.[A-Za-z0-9_.-]{20}|pat-[a-z]{2}\d-'
    || '|tfp_|CFPAT-|pk_\d{6}|SSWS|sk\.eyJ|signkey-|\$2[abxy]?\$|\$[1567y]\$|\$argon2|\$scrypt\$'
    -- colours can stand in the midst of anything
    || '|\x1b\[');

-- Whether a text holds lines that were cut at a width, not between words: then a token may stand on two of them, and its
-- letters are not seen from outside. The widths are those of pipelines/lib/redaction/readings.ts.
create or replace macro may_be_wrapped(value) as regexp_matches(value,
    '(?:^|\n)(?:[^\n]{64}|[^\n]{70}|[^\n]{72}|[^\n]{76}|[^\n]{78}|[^\n]{79}|[^\n]{80})\r?\n ?\S');

-- The same of lines in strings of JSON text, as far as they hold no escapes but those at their ends.
create or replace macro may_be_wrapped_in_json(value) as regexp_matches(value,
    '(?:"|\\n)(?:[^\\"]{64}|[^\\"]{70}|[^\\"]{72}|[^\\"]{76}|[^\\"]{78}|[^\\"]{79}|[^\\"]{80})(?:\\r)?\\n ?[^\\"\s]');

-- Whether a text may hold what redaction looks for: at least what the detectors find, so that most texts are never handed to
-- them. Own patterns (TRACEMILL_REDACT_FILE) can find anything: with them the variable redact says 'all'.
create or replace macro may_hold_secret(value) as
    getvariable('redact') = 'all'
    or regexp_matches(value,
        -- a name that promises a secret, then what may be a value; or a flag of that name
        '(?i:(pass|pwd|secret|token|key|cred|bearer|jwt|sess|sid|pat|dsn|pw|auth|otp|sas)[\w.$-]*[\\"''`\]]*\s*'
        || '(:|=|is\W|was\W|[\\"''`])[:=> \t\n\r]*[bfru]{0,2}[\\"''`]*([^\s"''`<>]{6}|[a-z][^\n=]*=\s*[bfru]{0,2}[\\"''`]))'
        || '|(?i:-[\w.$-]*(pass|pwd|secret|token|key|cred|jwt|pat|auth|pw|otp|sas)[\w.$-]*[\\"''`]*[ \t,=])'
        -- headers and commands that take a credential
        || '|(?i:authorization[\\"''`]*\]?[ \t]*[:=,]|bearer[ \t]|basic[ \t]+[a-z0-9+/]{8}|cookies?[\\"'']*[ \t]*[:=]|"auth\\*"'
        || '|_(authtoken|auth|password)\W|machine\W+\S+\W+login|identified\W|sshpass|chpasswd|redis-cli|pass:|mysql|mariadb'
        || '|seed.phrase|recovery.phrase|mnemonic|login[ \t]|[ \t](-u|-a|--user|--proxy-user|--auth)[ =]?["'']?[^\s:"''=]+:|-U\W+\S+%)'
        -- private keys; passwords, tokens and signatures of addresses
        || '|PRIVATE KEY|PuTTY-User-Key|LS0tLS1CRUdJTi|:[\\/]{2,}[^\s/"''`<>]+@|(?i:[?&](sig|signature|x-amz-[a-z-]+|x-goog-[a-z-]+)=)'
        -- people and places: e-mail, addresses of machines, home folders
        || '|[\w.%+''-](@|%40)[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2}|\d\.\d{1,3}\.\d{1,3}\.\d|[23][0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:'
        || '|(?i:[\\/-](home|users|documents and settings)[\\/-])')
    or may_hold_token(value);

-- Whether JSON text hides letters in escapes, or may hold a value apart from its name: then it cannot be seen from outside.
create or replace macro may_hide_secret(value) as regexp_matches(value, '\\u00[2-7]|\\u001[bB]|\\/|(?i:value\\*"\s*:)');

-- The same of a text that may be JSON, as output of tools often is.
create or replace macro may_be_hiding(value) as regexp_matches(value, '^\s*[\[{]') and may_hide_secret(value);

-- The text with placeholders for what was found in it; where it is JSON, in its strings.
create or replace macro redacted(value) as
    case
        when getvariable('redact') = 'none' then value
        when may_hold_secret(value) or may_be_hiding(value) or may_be_wrapped(value) then coalesce(
            decode(redact_bytes(encode(value), may_hold_token(value) or may_be_hiding(value))),
            value)
        else value end;

-- JSON with every string redacted, keys too, and JSON inside strings.
create or replace macro redacted_json(value) as
    case
        when getvariable('redact') = 'none' then value
        when may_hold_secret(value::varchar) or may_hide_secret(value::varchar)
            or may_be_wrapped_in_json(value::varchar) then coalesce(
            decode(redact_json_bytes(
                encode(value::varchar),
                may_hold_token(value::varchar) or may_hide_secret(value::varchar)))::json,
            value)
        else value end;

-- The version of the policy that texts are redacted under now.
create or replace macro policy_in_force() as getvariable('redaction_policy');

-- The placeholders that redaction left in a text, in their order.
create or replace macro placeholders(value) as
    regexp_extract_all(value, '<(?:SECRET:[a-z][a-z0-9-]*|EMAIL|IP|USER):[0-9a-f]{12}>');

create or replace macro has_placeholder(value) as
    coalesce(regexp_matches(value, '<(SECRET:[a-z][a-z0-9-]*|EMAIL|IP|USER):[0-9a-f]{12}>'), false);

-- What a placeholder stands for: credential, email, ip, or user, the name of a person.
create or replace macro placeholder_kind(placeholder) as
    case when starts_with(placeholder, '<SECRET:') then 'credential'
        else lower(regexp_extract(placeholder, '^<([A-Z]+):', 1)) end;

-- The rule that found it; people and places have one rule each.
create or replace macro placeholder_rule(placeholder) as
    case when starts_with(placeholder, '<SECRET:') then regexp_extract(placeholder, '^<SECRET:([a-z0-9-]+):', 1)
        else lower(regexp_extract(placeholder, '^<([A-Z]+):', 1)) end;
