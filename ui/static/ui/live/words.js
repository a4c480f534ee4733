// The words of the page in its language. The server sends them with the page, so that there is one catalogue.
let words = {};
let english = false;

export function setWords(given, language) {
  words = given;
  english = language.startsWith("en");
}

/** The sentence `key` with {names} filled in. A pair of forms is chosen by {n}: English tells one from many. */
export function say(key, values = {}) {
  let text = words[key] ?? "";
  if (Array.isArray(text)) text = text[english && values.n === 1 ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const isEnglish = () => english;

/** "1st", "12th" on an English page, the bare number on a Chinese one (the sentence carries 第 and 名). */
export function ordinal(n) {
  if (!english) return String(n);
  const tens = n % 100, ones = n % 10;
  if (tens >= 11 && tens <= 13) return `${n}th`;
  return n + ({ 1: "st", 2: "nd", 3: "rd" }[ones] || "th");
}
