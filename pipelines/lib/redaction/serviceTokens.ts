import { tokenRules } from './finding.js';

const github =
  'https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns';
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** Keys of services that send messages, take money, keep documents; and signed tokens of any of them. */
export const serviceTokens = tokenRules([
  // RFC 7519; encrypted ones (RFC 7516) have five parts, of which the second may be empty.
  [
    'jwt',
    'https://www.rfc-editor.org/rfc/rfc7519',
    'eyj',
    'eyJ[A-Za-z0-9_-]{8,}\\.(?:eyJ)?[A-Za-z0-9_-]*(?:\\.[A-Za-z0-9_-]{8,}){1,3}',
  ],
  [
    'stripe-key',
    'https://docs.stripe.com/keys',
    'sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_',
    '[sr]k_(?:live|test|prod)_[A-Za-z0-9_]{10,}',
  ],
  ['webhook-secret', 'https://docs.stripe.com/webhooks/signature', 'whsec_', 'whsec_[A-Za-z0-9+/=_-]{20,}'],
  [
    'square-token',
    'https://developer.squareup.com/docs/build-basics/access-tokens',
    'sq0 eaaa',
    'sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}|EAAA[A-Za-z0-9_-]{60}(?![A-Za-z0-9_-])',
  ],
  [
    'paypal-token',
    github,
    'access_token$',
    'access_token\\$(?:production|sandbox)\\$[0-9a-z]{12,}\\$[0-9a-f]{32}',
  ],
  [
    'shopify-token',
    'https://shopify.dev/docs/apps/build/authentication-authorization',
    'shpat_ shpca_ shppa_ shpss_ shptka_',
    'shp(?:at|ca|pa|ss|tka)_[A-Za-z0-9]{32,64}(?![A-Za-z0-9])',
  ],
  [
    'plaid-token',
    'https://plaid.com/docs/api/',
    'access-',
    `access-(?:sandbox|development|production)-${uuid}`,
  ],
  ['easypost-key', 'https://docs.easypost.com/', 'ezak ezt', 'EZ[AT]K[A-Za-z0-9]{54}(?![A-Za-z0-9])'],
  ['shippo-token', 'https://docs.goshippo.com/', 'shippo_', 'shippo_(?:live|test)_[0-9a-f]{40}'],
  [
    'slack-token',
    'https://api.slack.com/concepts/token-types',
    'xox xapp-',
    '(?:xox[abcdeoprs]|xoxe\\.xox[bp]|xapp)-[A-Za-z0-9%/+=-]{16,}',
  ],
  [
    'slack-webhook',
    'https://api.slack.com/messaging/webhooks',
    'hooks.slack',
    'hooks\\.slack(?:-gov)?\\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}',
  ],
  [
    'discord-token',
    'https://discord.com/developers/docs/reference',
    '.',
    '[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])',
    /\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}/,
  ],
  [
    'discord-webhook',
    'https://discord.com/developers/docs/resources/webhook',
    'api/webhooks/',
    'discord(?:app)?\\.com/api/webhooks/\\d+/[A-Za-z0-9_-]{40,}',
  ],
  [
    'teams-webhook',
    'https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/',
    'webhook.office.com',
    '[a-z0-9-]+\\.webhook\\.office\\.com/webhookb2/[A-Za-z0-9@/-]{60,}',
  ],
  [
    'telegram-token',
    'https://core.telegram.org/bots/api',
    ':aa',
    '\\d{8,10}:AA[A-Za-z0-9_-]{32,35}(?![A-Za-z0-9_-])',
  ],
  ['twilio-key', 'https://www.twilio.com/docs/iam/api-keys', 'sk', 'SK[0-9a-f]{32}(?![0-9a-f])'],
  [
    'sendgrid-key',
    'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/authentication',
    'sg.',
    'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{30,64}',
  ],
  [
    'mailgun-key',
    'https://documentation.mailgun.com/',
    'key- -',
    'key-[0-9a-f]{32}(?![0-9a-f])|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9a-f-])',
    /-[0-9a-f]{8}(?:-[0-9a-f]{8}|[0-9a-f]{24})/,
  ],
  [
    'mailchimp-key',
    'https://mailchimp.com/developer/marketing/docs/fundamentals/',
    '-us',
    '[0-9a-f]{32}-us\\d{1,2}(?!\\d)',
  ],
  [
    'brevo-key',
    'https://developers.brevo.com/docs/getting-started',
    'xkeysib- xsmtpsib-',
    'x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}',
  ],
  [
    'resend-key',
    'https://resend.com/docs/api-reference/introduction',
    're_',
    're_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}(?![A-Za-z0-9])',
  ],
  [
    'firebase-key',
    'https://firebase.google.com/docs/cloud-messaging',
    'aaaa',
    'AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{120,}',
  ],
  [
    'facebook-token',
    'https://developers.facebook.com/docs/facebook-login/guides/access-tokens/',
    'eaa',
    'EAA[A-Z][A-Za-z0-9]{90,}(?![A-Za-z0-9+/=])',
  ],
  ['twitter-token', 'https://docs.x.com/', 'aaaaaaaaaaaaaaaaaaaa', 'A{20,22}[A-Za-z0-9%]{60,}'],
  [
    'linear-key',
    'https://linear.app/developers/graphql',
    'lin_api_ lin_oauth_',
    'lin_(?:api|oauth)_[A-Za-z0-9]{32,}',
  ],
  [
    'notion-token',
    'https://developers.notion.com/reference/authentication',
    'ntn_ secret_',
    'ntn_[A-Za-z0-9]{40,}|secret_(?=[A-Za-z]*[0-9])[A-Za-z0-9]{43}(?![A-Za-z0-9_])',
  ],
  [
    'airtable-token',
    'https://airtable.com/developers/web/api/authentication',
    'pat',
    'pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}',
  ],
  [
    'asana-token',
    'https://developers.asana.com/docs/personal-access-token',
    ':',
    '[012]/\\d{12,20}(?:/\\d{12,20})?:[0-9a-f]{32}(?![0-9a-f])',
    /:[0-9a-f]{32}/,
  ],
  [
    'atlassian-token',
    'https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/',
    'atatt3 atta',
    'ATATT3[A-Za-z0-9_=-]{60,}|ATTA[0-9a-f]{64}',
  ],
  ['figma-token', 'https://www.figma.com/developers/api', 'figd_ figu_', 'fig[du]_[A-Za-z0-9_-]{38,}'],
  [
    'dropbox-token',
    'https://www.dropbox.com/developers/documentation/http/documentation',
    'sl.',
    'sl\\.(?:u\\.)?[A-Za-z0-9_-]{100,}',
  ],
  [
    'hubspot-token',
    'https://developers.hubspot.com/docs/guides/apps/private-apps/overview',
    'pat-',
    `pat-[a-z]{2}\\d-${uuid}`,
  ],
  ['typeform-token', 'https://www.typeform.com/developers/', 'tfp_', 'tfp_[A-Za-z0-9_.-]{40,}'],
  [
    'contentful-token',
    'https://www.contentful.com/developers/docs/references/authentication/',
    'cfpat-',
    'CFPAT-[A-Za-z0-9_-]{40,}',
  ],
  ['clickup-token', 'https://developer.clickup.com/docs/authentication', 'pk_', 'pk_\\d{6,}_[A-Z0-9]{32}'],
  [
    'okta-token',
    'https://developer.okta.com/docs/guides/create-an-api-token/',
    'ssws',
    'SSWS\\s+[A-Za-z0-9_-]{30,}',
  ],
  [
    'mapbox-token',
    'https://docs.mapbox.com/accounts/guides/tokens/',
    'sk.eyj',
    'sk\\.eyJ[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{20,}',
  ],
  [
    'inngest-key',
    'https://www.inngest.com/docs/platform/signing-keys',
    'signkey-',
    'signkey-[a-z]+-[0-9a-f]{32,}',
  ],
  // modular crypt format, and what argon2 and scrypt made of it
  [
    'password-hash',
    'https://passlib.readthedocs.io/en/stable/modular_crypt_format.html',
    '$2 $1$ $5$ $6$ $y$ $7$ $argon2 $scrypt$',
    '\\$2[abxy]?\\$\\d\\d\\$[./A-Za-z0-9]{53}|\\$[1567y]\\$[./A-Za-z0-9$=,-]{30,}|\\$(?:argon2(?:id|i|d)|scrypt)\\$[A-Za-z0-9+/$=,-]{40,}',
  ],
]);
