// Rows as CSV (RFC 4180, lines ended by a line feed), safe to open in a spreadsheet.

/** One row. A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers are left alone. */
export function csvRow(cells: readonly (string | number)[]): string {
  return cells.map((cell) => (typeof cell === 'number' ? String(cell) : quoted(cell))).join(',');
}

function quoted(text: string): string {
  const plain = /^[=+@\t\r]|^-(?![0-9.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) || plain !== plain.trim() ? `"${plain.replaceAll('"', '""')}"` : plain;
}
