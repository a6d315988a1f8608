/** Ends in a word that secrets' names end in, or is one that frameworks are known by. */
const secretName =
  /(^|_)(SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|TOKEN|TOKENS|KEY|KEYS|CREDENTIAL|CREDENTIALS|SALT|PEPPER|DSN|SECRET_KEY_BASE|STRING_SESSION)$/i;
const publicName = /(^|_)(PUBLIC|PUBLISHABLE|SITE)_(\w+_)?KEY$/i;
const credentialsInUrl = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Whether an environment variable holds a secret, as far as its name and value tell. */
export function looksSecret(name: string, value = ""): boolean {
  if (credentialsInUrl.test(value) || privateKey.test(value)) return true;
  // A switch or a number is none, whatever its name: DISABLE_TOKEN=true, MAX_PASS=5.
  if (/^(true|false|yes|no|on|off|none|\d{1,5})$/i.test(value.trim())) return false;
  return secretName.test(name) && !publicName.test(name);
}
