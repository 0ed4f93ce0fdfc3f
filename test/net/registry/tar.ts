// Tar archives by hand, as no program writes them.
const BLOCK = 512;

/** Beginnings of what programs for compression write. */
export const zstd = Buffer.concat([Buffer.from('28b52ffd2402', 'hex'), Buffer.alloc(600)]);
export const xz = Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(600)]);
export const bzip = Buffer.concat([Buffer.from('BZh91AY'), Buffer.alloc(600)]);

/** An entry with a size, and as much content as is given. */
export function entry(kind: string, size: number, content = ''): Buffer {
  const head = Buffer.alloc(BLOCK);
  head.write('name', 0);
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  head.write('        ', 148);
  head.write(kind, 156);
  head.write('ustar\x0000', 257, 'latin1');
  head.write(`${head.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([head, Buffer.from(content, 'latin1'), Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

/** Attributes of the next entry. */
export function pax(attributes: Readonly<Record<string, string>>): Buffer {
  const records = Object.entries(attributes).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const length = [1, 2, 3].find((digits) => String(rest.length + digits).length === digits) ?? 3;
    return `${rest.length + length}${rest}`;
  });
  const content = records.join('');
  return entry('x', content.length, content);
}
