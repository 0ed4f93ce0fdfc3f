// The steps of an examination, each with what went into it, and the way up the Merkle tree as a picture.
import type { Examined, Step, StepName } from '../../../bcdb/examine.js';
import { Chip } from './basics.js';

/** What each step asks. */
const QUESTIONS: Readonly<Record<StepName, string>> = {
  file: 'Is this a receipt?',
  record: 'Are these the bytes that were signed?',
  grid: 'Is it of the grid that you have pinned?',
  signatures: 'Did these keys sign it?',
  entry: 'Which entry of the log is it?',
  checkpoint: 'Which state of the log is it shown in?',
  inclusion: 'Is it in the log?',
  log: 'Did the log sign that state?',
  time: 'When was that?',
  witnesses: 'Has a quorum of witnesses seen it?',
  home: 'Was that its home then?',
};

/** A step that is shown like those of an examination. */
export type ShownStep = Omit<Step, 'name'> & { readonly name: string; readonly question: string; readonly word?: string };

/** The steps of an examination with their questions. */
export function questioned({ steps, isWitnessed }: Examined): ShownStep[] {
  return steps.map((step) => ({ ...step, question: QUESTIONS[step.name], ...(step.name === 'witnesses' && step.holds === true && !isWitnessed ? { word: 'none asked' } : {}) }));
}

/** Steps in order; open where one does not hold. */
export function Steps({ steps, picture }: { steps: readonly ShownStep[]; picture?: { readonly after: string; readonly shown: preact.ComponentChildren } }) {
  return (
    <ol class="steps">
      {steps.map(({ name, question, holds, says, facts, word }) => (
        <li key={name} data-step={name} data-holds={`${holds}`}>
          <details open={holds === false || picture?.after === name}>
            <summary><Chip tone={holds === null || word !== undefined ? 'plain' : holds ? 'good' : 'bad'}>{word !== undefined ? word : holds === null ? 'not reached' : holds ? 'holds' : 'does not hold'}</Chip><span><strong>{question}</strong> <span class="says"><bdi>{says}</bdi></span></span></summary>
            {facts.length > 0 && <dl class="facts deep">{facts.map(([fact, value]) => <div key={fact}><dt><bdi>{fact}</bdi></dt><dd><code class="break">{value}</code></dd></div>)}</dl>}
            {picture?.after === name && picture.shown}
          </details>
        </li>
      ))}
    </ol>
  );
}

const ROW = 46;
const [LEFT, RIGHT] = [92, 228];
const HALF = (LEFT + RIGHT) / 2;
const digits = (hash: Uint8Array): string => Array.from(hash.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The leaf at the bottom, a sibling from the proof beside each hash that is reached, the root on top. */
export function MerklePath({ leaf, path, index, isRoot }: { leaf: string; path: NonNullable<Examined['path']>; index: number; isRoot: boolean }) {
  const height = (path.length + 1) * ROW + 16;
  const y = (level: number): number => height - 24 - level * ROW;
  // Where the hash that is reached stands, level by level: opposite its sibling; the root in the middle.
  const x = (level: number): number => (level === path.length ? HALF : path[level]?.isLeft === true ? RIGHT : LEFT);
  const isWide = path.length < 30;
  return (
    <figure class="merkle">
      <svg viewBox={`0 0 320 ${height}`} role="img" aria-label={`The way from line ${index} through ${path.length} levels to the root${isRoot ? ', which is the checkpoint\'s' : ', which is not the checkpoint\'s'}`}>
        {path.map(({ sibling, isLeft }, level) => {
          const other = isLeft ? LEFT : RIGHT;
          return (
            <g key={`${level}`}>
              <path class="edge" d={`M${x(level)} ${y(level)}L${x(level + 1)} ${y(level + 1)}`} />
              <path class="edge thin" d={`M${other} ${y(level)}L${x(level + 1)} ${y(level + 1)}`} />
              <circle class="given" cx={other} cy={y(level)} r={6} />
              {isWide && <text x={isLeft ? LEFT - 12 : RIGHT + 12} y={y(level) + 4} text-anchor={isLeft ? 'end' : 'start'} class="quiet">{digits(sibling)}</text>}
            </g>
          );
        })}
        {[...path.keys(), path.length].map((level) => <circle key={`${level}`} class={level === path.length ? (isRoot ? 'root' : 'root bad') : 'reached'} cx={x(level)} cy={y(level)} r={level === path.length ? 9 : 7} />)}
        <text x={x(0)} y={height - 4} text-anchor="middle">line {index}: {leaf.slice(0, 8)}</text>
        <text x={HALF} y={y(path.length) - 14} text-anchor="middle">root {path.length === 0 ? leaf.slice(0, 8) : digits(path.at(-1)?.reached ?? new Uint8Array())}</text>
      </svg>
      <figcaption class="quiet">Filled: worked out here. Hollow: given by the proof.</figcaption>
    </figure>
  );
}
