// One field finds everybody: bib, pass of the QR, chip, Han name, pinyin, initials. Folded as race.names.query_key folds.
const LETTERS = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ħ: "h", ß: "ss", ς: "σ" };
const MOST = 30;

/** What was typed, as the keys are: lower case, no accents, blanks, dots, hyphens or full-width letters. */
export function queryKey(text) {
  const folded = text.normalize("NFKD").toLowerCase().replace(/[øłđðþæœıħßς]/g, (letter) => LETTERS[letter]);
  return folded.normalize("NFKD").replace(/\p{Mn}/gu, "").replace(/[^\p{L}\p{N}]/gu, "");
}

/** The code of a QR, whether it is bare or the end of an address. */
export const passOf = (text) => (text.trim().split(/[/?#=]/).filter(Boolean).pop() || "").toUpperCase();

/** The riders that fit, the best first; a pass, a chip or a whole bib stands alone. */
export function find(text, rows) {
  const asked = text.trim();
  if (!asked) return [];
  const code = passOf(asked);
  const exact = rows.filter((row) => row.pass && row.pass === code);
  if (exact.length) return exact;
  if (/^\d+$/.test(asked)) {
    const whole = rows.filter((row) => String(row.bib) === asked), begin = rows.filter((row) => String(row.bib).startsWith(asked) && String(row.bib) !== asked);
    begin.sort((one, other) => one.bib - other.bib);
    if (whole.length || begin.length) return [...whole, ...begin].slice(0, MOST);
  }
  const chip = asked.toUpperCase();
  const carriers = rows.filter((row) => row.chips.includes(chip));
  if (carriers.length) return carriers;
  const key = queryKey(asked);
  if (!key) return [];
  const rank = (row) => row.key.split("|").reduce((best, one) => Math.min(best, one === key ? 0 : one.startsWith(key) ? 1 : key.length > 1 && one.includes(key) ? 2 : 9), 9);
  return rows.map((row) => [rank(row), row]).filter(([fits]) => fits < 9)
    .sort((one, other) => one[0] - other[0] || (one[1].bib ?? 1e9) - (other[1].bib ?? 1e9)).slice(0, MOST).map(([, row]) => row);
}
