/** Ends in a word that secrets' names end in, or is one that frameworks are known by. */
const secretName =
  /(^|_)(SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|TOKEN|TOKENS|KEY|KEYS|CREDENTIAL|CREDENTIALS|SALT|PEPPER|DSN|SECRET_KEY_BASE|STRING_SESSION)$/i;
/** Ends in a word that is plain enough to be found without a `_` before it, and with a number behind it. */
const secretWord =
  /(SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE|CONSUMER|MASTER)_?KEY)(_?\d+)?$/i;
const publicName = /(^|_)(PUBLIC|PUBLISHABLE|SITE)_(\w+_)?KEY$/i;

/** Text that is a secret wherever it stands, as its shape tells. */
const secretShapes: readonly RegExp[] = [
  // A user and password, or a long key alone, before the host of a URL.
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:"']*:[^\s/@"']+@/i,
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[0-9a-f]{20,}@/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // The forms that vendors give to their keys, so that scanners find them.
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bAIza[\w-]{35}\b/,
  /\b(gh[opsu]|github_pat|glpat|xox[abprs]|[rs]k_live|sk-ant)[-_][\w-]{16,}/,
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}/,
  /\b\d{8,10}:[\w-]{35}\b/,
  /\bhooks\.slack\.com\/services\/T\w+\/B\w+\/\w+|\bdiscord(app)?\.com\/api\/webhooks\/\d+\/[\w-]+/,
];

/** Nothing but many letters and digits: made by a machine. */
const random =
  /^(?:[0-9a-f]{32,}|(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?:[A-Za-z0-9]{32,}|[A-Za-z0-9+/]{32,}={1,2}))$/;

/** Whether a text holds a secret, as far as its shape tells. */
export function holdsSecret(text: string): boolean {
  return secretShapes.some((shape) => shape.test(text));
}

/** Whether an environment variable holds a secret, as far as its name and value tell. */
export function looksSecret(name: string, value = ""): boolean {
  const plain = value.trim();
  if (holdsSecret(value) || random.test(plain)) return true;
  // A switch or a number is none, whatever its name: DISABLE_TOKEN=true, MAX_PASS=5.
  if (/^(true|false|yes|no|on|off|none|\d{1,5})$/i.test(plain)) return false;
  return (secretName.test(name) || secretWord.test(name)) && !publicName.test(name);
}
