import { tokenRules } from './finding.js';

const github =
  'https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns';

/** Keys of model providers and what is used beside them. */
export const modelTokens = tokenRules([
  ['anthropic-key', 'https://docs.claude.com/en/api/overview', 'sk-ant-', 'sk-ant-[A-Za-z0-9_-]{20,}'],
  [
    'openai-key',
    'https://platform.openai.com/docs/api-reference/authentication',
    'sk-proj- sk-svcacct- sk-admin- sk-none- t3blbkfj',
    'sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}',
  ],
  // DeepSeek, Moonshot, Alibaba, LiteLLM, OpenRouter and others that took over the form of OpenAI's first keys.
  [
    'sk-key',
    'https://openrouter.ai/docs/api-reference/authentication',
    'sk-',
    'sk-(?:or-v1-|lf-|litellm-)[A-Za-z0-9-]{24,}|sk-(?=[A-Za-z]*[0-9])[A-Za-z0-9]{32,}(?![A-Za-z0-9_-])',
  ],
  ['groq-key', 'https://groq.com/docs', 'gsk_', 'gsk_[A-Za-z0-9]{40,}'],
  [
    'huggingface-token',
    'https://huggingface.co/docs/hub/security-tokens',
    'hf_ api_org_',
    '(?:hf_|api_org_)(?=[A-Za-z0-9]*[A-Z])[A-Za-z0-9]{30,}(?![A-Za-z0-9_])',
  ],
  [
    'replicate-token',
    'https://replicate.com/docs/reference/http',
    'r8_',
    'r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])',
  ],
  ['perplexity-key', 'https://docs.perplexity.ai/', 'pplx-', 'pplx-[A-Za-z0-9]{40,}'],
  ['xai-key', 'https://docs.x.ai/docs/overview', 'xai-', 'xai-[A-Za-z0-9]{70,90}(?![A-Za-z0-9_-])'],
  ['nvidia-key', 'https://docs.api.nvidia.com/', 'nvapi-', 'nvapi-[A-Za-z0-9_-]{60,}'],
  ['cerebras-key', 'https://inference-docs.cerebras.ai/quickstart', 'csk-', 'csk-[a-z0-9]{40,}'],
  ['together-key', 'https://docs.together.ai/', 'tgp_v1_', 'tgp_v1_[A-Za-z0-9_-]{30,}'],
  [
    'fireworks-key',
    'https://docs.fireworks.ai/',
    'fw_',
    'fw_(?=[A-Za-z]*[0-9])[A-Za-z0-9]{22,}(?![A-Za-z0-9_])',
  ],
  ['tavily-key', 'https://docs.tavily.com/', 'tvly-', 'tvly-[A-Za-z0-9-]{20,}'],
  ['firecrawl-key', 'https://docs.firecrawl.dev/', 'fc-', 'fc-[0-9a-f]{32}(?![0-9a-f])'],
  ['langsmith-key', 'https://docs.smith.langchain.com/', 'lsv2_', 'lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}'],
  ['pinecone-key', 'https://docs.pinecone.io/', 'pcsk_', 'pcsk_[A-Za-z0-9_]{40,}'],
  ['elevenlabs-key', 'https://elevenlabs.io/docs/', 'sk_', 'sk_[0-9a-f]{48}(?![0-9a-f])'],
  ['jina-key', 'https://jina.ai/', 'jina_', 'jina_[A-Za-z0-9_-]{50,}'],
  ['e2b-key', 'https://e2b.dev/docs/api-key', 'e2b_', 'e2b_[0-9a-f]{40}(?![0-9a-f])'],
  ['wandb-key', 'https://docs.wandb.ai/', 'wandb_v1_', 'wandb_v1_[A-Za-z0-9_-]{40,}'],
  ['cursor-key', 'https://docs.cursor.com/', 'key_ crsr_', '(?:key|crsr)_[0-9a-f]{64}(?![0-9a-f])'],
  ['azure-openai-key', github, 'jqqj99', '[A-Za-z0-9]{40,}JQQJ99[A-Za-z0-9]{20,}'],
  [
    'aws-bedrock-key',
    github,
    'absk bedrock-api-key-',
    'ABSK[A-Za-z0-9+/]{100,}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{20,}',
  ],
]);
