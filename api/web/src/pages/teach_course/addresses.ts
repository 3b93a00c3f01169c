// Addresses as people paste them: "Ada <ada@example.org>, bob@example.org" and lists of lines; each once.
// `others`: what has none.
export function addressesIn(pasted: string): { emails: string[]; others: string[] } {
  const emails = pasted.match(/[^\s,;<>"'()]+@[^\s,;<>"'()]+/g)?.map((one) => one.toLowerCase()) ?? [];
  const pieces = pasted.split(/[,;\n]/).map((one) => one.trim());
  return { emails: [...new Set(emails)], others: pieces.filter((one) => one && !one.includes('@')) };
}
