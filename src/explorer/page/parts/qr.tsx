// A text as a QR code, for a telephone that looks at the screen.
import { useLoad } from '../load.js';

/** Drawn when it is opened. @param what names it: `the address` */
export function Qr({ text, what }: { text: string; what: string }) {
  return <details class="qr"><summary>QR code of {what}</summary><Drawn text={text} what={what} /></details>;
}

function Drawn({ text, what }: { text: string; what: string }) {
  const { value } = useLoad(`qr/${text}`, async () => {
    const { create } = await import('qrcode');
    const { modules: { size, data } } = create(text, { errorCorrectionLevel: 'M' });
    return { size, path: Array.from(data, (isDark, i) => (isDark ? `M${i % size} ${Math.floor(i / size)}h1v1h-1z` : '')).join('') };
  });
  if (value === undefined) return null;
  return <svg viewBox={`-4 -4 ${value.size + 8} ${value.size + 8}`} role="img" aria-label={`QR code of ${what}: ${text}`} shape-rendering="crispEdges"><rect x={-4} y={-4} width={value.size + 8} height={value.size + 8} class="qr-paper" /><path d={value.path} class="qr-ink" /></svg>;
}
