/** Replaces the user and password of every URL in a text, so that it may be shown or logged. */
export function redactUrls(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1***@");
}

/** Replaces each of the values in a text; values shorter than 4 characters are left alone, they would hit by chance. */
export function redact(text: string, secrets: Iterable<string>): string {
  let result = redactUrls(text);
  for (const secret of secrets) if (secret.length >= 4) result = result.replaceAll(secret, "***");
  return result;
}
