-- Whether a text may hold what redaction looks for: one linear pass that finds at least what the detectors of
-- pipelines/lib/redaction find (a property test holds that), so that most texts are never handed to them. Own patterns
-- (TRACEMILL_REDACT_FILE) can find anything: with them the variable redact_all is set and every text is looked at.
create or replace macro may_hold_secret(value) as coalesce(getvariable('redact_all'), false) or regexp_matches(value,
    -- a name that promises a secret, then what may be a value
    '(?i:(pass|pwd|secret|token|key|cred|bearer|jwt|sess|sid|pat|dsn|pw|auth|otp|sas)[\w.$ -]{0,60}'
        || '[\\"''`\]]*\s*(:|=|is\W|was\W|[\\"''`])[:=> \t\n\r]*([\w.<>\[\]| ]{0,42}=\s*)?[bfru]{0,2}[\\"''`]*[^\s"''`<>]{6})'
    || '|(?i:-[\w.$-]*(pass|pwd|secret|token|key|cred|jwt|pat|auth|pw|otp|sas)[\w.$-]*[\\"''`]*[ \t,=]+[\\"''`]*[^\s"''`<>]{6})'
    -- headers and commands that take a credential
    || '|(?i:authorization[\\"'']*\]?[ \t]*[:=,]|bearer[ \t]+\S{8}|basic[ \t]+\S{8}|cookies?[\\"'']*[ \t]*[:=]|"auth\\*"|_(authtoken|auth|password)\W)'
    || '|(?i:machine\W+\S+\W+login|identified\W|sshpass|chpasswd|redis-cli|pass:|seed|mnemonic|recovery|\bSSWS\W)'
    || '|(?i:(curl|wget|https?|xh)\b[^\n]*\s(-u|-a|--user|--proxy-user|--auth)|(mysql|mariadb)[^\n]*\s-p|login[^\n]*\s-p|-U\W+[\w.\\-]+%)'
    -- private keys, and passwords and signatures of addresses
    || '|PRIVATE KEY|PuTTY-User-Key|LS0tLS1CRUdJTi|:[\\/]{2,}[^\s/"''`<>]+@|(?i:[?&](sig|signature|x-amz-\w+|x-amz-security-token|x-goog-signature)=)'
    || '|(?i:x-amz-|x-goog-|[?&]sig)'
    -- tokens by the letters they begin with
    || '|sk-|[rs]k_(live|test|prod)_|sk_[0-9a-f]{8}|T3BlbkFJ|gsk_|hf_|api_org_|r8_|pplx-|xai-|nvapi-|csk-|tgp_v1_|fw_|tvly-|fc-[0-9a-f]{8}|lsv2_|pcsk_|jina_|e2b_|wandb_v1_|(key|crsr)_[0-9a-f]{8}|JQQJ99|ABSK|bedrock-api-key-'
    || '|AKIA|ASIA|ABIA|ACCA|AIza|ya29\.|GOCSPX-|1//0|[78]Q~|AZDO|AzFu|AzCa|AzSe|ACDb|AIoT|do[opr]_v1_|HRKU-|v1\.0-[0-9a-f]{8}|cf(k|ut|at)_|LTAI|AKID|gh[pousr]_|github_pat_|gl[a-z]{2,6}-|GR1348941|ATBB|ATCTT3'
    || '|npm_|pypi-Ag|rubygems_|cio[A-Za-z0-9]{32}|oy2[a-z0-9]{43}|CLOJARS_|dckr_|AKCp|cmVmd|\.atlasv1\.|hv[sbr]\.|pul-[0-9a-f]{8}|dapi|vc[piark]_|nf[pcou]_|fm[12][ar]?_|fo1_|rnd_|tskey-|(?i:ngrok)|sbp_|sb_secret_|pscale_|napi_|dp\.[a-z]|CCIP|bkua_|sq[apu]_|sntry|glc_|glsa_|NR(AK|II|RA|JS)-|NRAL|dt0|(sdk|api)-[0-9a-f]{8}-|PMAK-|pnu_|AGE-SECRET|ops_ey|A3-[A-Z0-9]{6}-'
    || '|eyJ[A-Za-z0-9_-]{8}|whsec_|sq0|EAA[A-Z]|access_token\$|shp[a-z]{2,3}_|access-[a-z]+-[0-9a-f]{8}-|EZ[AT]K|shippo_|xox|xapp-|(?i:hooks\.slack)|[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.|api/webhooks/|webhook\.office|\d{8}:AA|SK[0-9a-f]{32}|SG\.[A-Za-z0-9_]'
    || '|[0-9a-f]{32}-(us\d|[0-9a-f]{8}-[0-9a-f]{8})|key-[0-9a-f]{32}|x(key|smtp)sib-|re_[A-Za-z0-9]{8}_|AAAA[A-Za-z0-9_-]{7}:|A{20}|lin_(api|oauth)_|ntn_|secret_|pat[A-Za-z0-9]{14}\.|/\d{12,}:[0-9a-f]{8}|ATATT3|ATTA[0-9a-f]{8}|fig[du]_|sl\.|pat-[a-z]{2}\d-|tfp_|CFPAT-|pk_\d{6}|signkey-'
    || '|\$2[abxy]?\$|\$[1567y]\$|\$argon2|\$scrypt\$'
    -- people and places: e-mail, addresses of machines, home folders
    || '|[\w.%+''-](@|%40)[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2}|\d\.\d{1,3}\.\d{1,3}\.\d|(?i:[23][0-9a-f]{3}:[0-9a-f]{0,4}:)'
    || '|(?i:[\\/-](home|users|documents and settings)[\\/-])');

-- The text with placeholders for what was found in it.
create or replace macro redacted(value) as
    case when may_hold_secret(value) then coalesce(decode(redact_bytes(encode(value))), value) else value end;

-- JSON with every string redacted. Where a letter is written as an escape, or a value stands apart from its name, what is
-- looked for cannot be seen from outside.
create or replace macro redacted_json(value) as
    case
        when may_hold_secret(value::varchar) or regexp_matches(value::varchar, '\\u00[2-7]|\\/|(?i:value\\*"\s*:)')
            then coalesce(decode(redact_json_bytes(encode(value::varchar)))::json, value)
        else value end;
