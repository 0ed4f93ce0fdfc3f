// How the book stands, in the header: a word always, a banner where something does not hold.
import { useShown } from '../context.js';
import { short, span } from '../format.js';
import { href } from '../route.js';
import type { Standing } from '../trust/standing.js';
import { Chip } from './basics.js';

function chipOf(standing: Standing): { tone: 'good' | 'bad' | 'warn' | 'plain'; text: string } {
  switch (standing.is) {
    case 'unpinned':
      return { tone: 'warn', text: 'Not verified' };
    case 'checking':
      return { tone: 'plain', text: 'Checking…' };
    case 'unreachable':
      return { tone: 'warn', text: 'No answer' };
    case 'behind':
      return { tone: 'warn', text: 'Behind' };
    case 'broken':
      return { tone: 'bad', text: 'Does not hold' };
    case 'good':
      return standing.isFresh ? { tone: 'good', text: 'Book verified' } : { tone: 'warn', text: `${span(Date.now() - standing.checkpoint.time_ms)} old` };
  }
}

/** A word on the book, linked to how it came about. */
export function TrustChip() {
  const { standing } = useShown();
  const { tone, text } = chipOf(standing);
  return <a class="trust" href={href('trust')} title="What this browser has verified"><Chip tone={tone}>{text}</Chip></a>;
}

/** Says loudly what nobody may overlook. @param elsewhere grids that are pinned here and that this bot does not serve */
export function TrustBanner({ elsewhere }: { elsewhere: readonly string[] }) {
  const { standing, pin } = useShown();
  if (standing.is === 'broken') {
    return (
      <div class="banner bad" role="alert">
        <p><strong>{standing.reason === 'signatures' ? 'This book does not hold.' : standing.reason === 'fork' ? 'This is another history than the one you saw.' : 'Lines were taken back.'}</strong> {standing.says}.</p>
        <p>Do not act on this page. Compare with another copy, and keep what this bot signed: <code>3bot bcdb verify</code>. <a href={href('trust')}>What was checked</a></p>
      </div>
    );
  }
  if (pin === undefined && elsewhere.length > 0) {
    return <div class="banner bad" role="alert"><p><strong>Another grid than yours.</strong> In this browser {elsewhere.map((id) => <code key={id}>{short(id)}</code>)} is pinned for this address, and this bot does not serve it.</p></div>;
  }
  if (standing.is === 'behind') return <div class="banner warn" role="status"><p>This bot is behind: it has {standing.checkpoint.size} lines, and this browser has seen {standing.seen.size}.</p></div>;
  return null;
}
