// A receipt, verified in this browser: of a record of the book, or from a file.
import type { Route } from '../address.js';
import { useState } from 'preact/hooks';
import { FRESH_MS } from '../../../base/limits.js';
import { messageOf } from '../../../base/errors.js';
import { useShown } from '../context.js';
import { span, time } from '../format.js';
import { useLoad } from '../load.js';
import { Card, Chip, Copy } from '../parts/basics.js';
import { Empty, Waiting } from '../parts/states.js';
import { MerklePath, questioned, Steps, type ShownStep } from '../parts/steps.js';
import { href } from '../route.js';
import type { Examined } from '../trust/verify.js';

/** Largest file that is read, bytes (src/base/limits.ts MAX_RECEIPT_BYTES). */
const MAX_FILE = 8 * 1_048_576;

/** `#/receipt/<record>`, or `#/receipt` for a file. */
export function Receipt({ route }: { route: Route }) {
  const { api } = useShown();
  const [given, set] = useState<string>();
  const loaded = useLoad(route.id === '' ? null : `receipt/${route.id}`, (signal) => api.receipt(route.id, signal));
  return (
    <>
      <h1>Verify a receipt</h1>
      <p class="lead">A receipt shows that a record is in the book and whose keys signed it. Your browser checks it here, by the code that <code>3bot receipt verify</code> runs.</p>
      {route.id !== '' && given === undefined ? <Waiting loaded={loaded} what="the receipt">{(text) => <Checked text={text} name={route.id} />}</Waiting> : null}
      <FromFile set={set} isOpen={route.id === ''} />
      {given !== undefined && <Checked text={given} name="file" />}
    </>
  );
}

function FromFile({ set, isOpen }: { set: (text: string) => void; isOpen: boolean }) {
  const [problem, say] = useState('');
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > MAX_FILE) return say('this file is larger than a receipt can be');
    say('');
    set(await file.text());
  };
  return (
    <details class="card fold" open={isOpen}>
      <summary>From a file</summary>
      <form onSubmit={(event) => { event.preventDefault(); const text = new FormData(event.currentTarget).get('text'); if (typeof text === 'string' && text !== '') set(text.replaceAll('\r\n', '\n')); }}>
        <p><label>A <code>.tlog-proof</code> file <input type="file" onChange={({ currentTarget }) => void take(currentTarget.files?.[0])} /></label> <span role="alert">{problem}</span></p>
        <p><label>or its text<textarea name="text" rows={6} spellcheck={false} autocomplete="off" /></label></p>
        <button type="submit">Verify</button>
      </form>
    </details>
  );
}

/** Examines a text and shows each step. */
export function Checked({ text, name }: { text: string; name: string }) {
  const { standing, api, pin } = useShown();
  const pinned = 'pinned' in standing ? standing.pinned : undefined;
  const examined = useLoad(pinned === undefined ? null : `${name}/${standing.is}/${text}`, async () => {
    const { examineReceipt, continues } = await import('../trust/verify.js');
    const result = examineReceipt(text, pinned as NonNullable<typeof pinned>);
    return { result, now: standing.is === 'good' ? await stillThere(result, standing, (before, now) => continues(before, now, (path) => api.tile(path))) : [] };
  });
  if (pin === undefined) return <Empty title="This grid is not pinned yet"><p>Without the genesis hash that you compared yourself, this page would only repeat what the bot says. <a href={href('trust')}>Pin the grid</a>, then come back.</p></Empty>;
  if (pinned === undefined) return <Empty title={standing.is === 'checking' ? 'Checking the book…' : 'The book itself does not hold'}><p><a href={href('trust')}>What was checked</a></p></Empty>;
  return <Waiting loaded={examined} what="the examination">{({ result, now }) => <Result examined={result} now={now} text={text} />}</Waiting>;
}

type Good = Extract<ReturnType<typeof useShown>['standing'], { is: 'good' }>;
type Continues = (before: { size: number; root: string }, now: { size: number; root: string }) => Promise<boolean>;

/** Whether what this bot shows now still has it: steps that need the bot, beside those that need the receipt alone. */
async function stillThere({ checkpoint }: Examined, { checkpoint: newest, isFresh }: Good, continues: Continues): Promise<ShownStep[]> {
  const age = span(Date.now() - newest.time_ms);
  const fresh: ShownStep = { name: 'fresh', question: "Is this bot's book of today?", holds: isFresh, says: isFresh ? `its newest checkpoint, of ${newest.size} lines, is ${age} old` : `its newest checkpoint is ${age} old; above ${span(FRESH_MS)} nobody knows what came since`, facts: [['signed', time(newest.time_ms)]] };
  if (checkpoint === undefined) return [fresh];
  const [old, now] = [{ size: checkpoint.size, root: checkpoint.root.toString('hex') }, { size: newest.size, root: newest.root.toString('hex') }];
  const facts = [['root in the receipt', old.root], ['root now', now.root]] as const;
  const question = 'Does the book of today continue the one in the receipt?';
  const isOlder = old.size > now.size;
  try {
    const holds = isOlder ? await continues(now, old) : await continues(old, now);
    const says = isOlder ? `the receipt is of ${old.size} lines, this bot has ${now.size}` : holds ? `its ${now.size} lines begin with these ${old.size}` : `its ${now.size} lines do not begin with these ${old.size}: this is another history`;
    return [fresh, { name: 'continues', question, holds: isOlder && !holds ? null : holds, says, facts }];
  } catch (thrown) {
    return [fresh, { name: 'continues', question, holds: null, says: messageOf(thrown), facts }];
  }
}

function Result({ examined, now, text }: { examined: Examined; now: readonly ShownStep[]; text: string }) {
  const steps = [...questioned(examined), ...now];
  const broken = steps.filter(({ holds }) => holds === false);
  const isGood = examined.steps.every(({ holds }) => holds === true) && broken.length === 0;
  const { receipt, path, record } = examined;
  const leaf = examined.steps.find(({ name }) => name === 'entry')?.facts.find(([name]) => name === 'leaf')?.[1];
  const isRoot = examined.steps.find(({ name }) => name === 'inclusion')?.holds === true;
  return (
    <Card title={record === undefined ? 'Receipt' : `${record.payload.kind} on ${record.payload.chain.slice(0, 40)}`} aside={<Chip tone={isGood ? 'good' : 'bad'}>{isGood ? 'verified' : 'does not hold'}</Chip>}>
      <p class={`verdict ${isGood ? 'good' : 'bad'}`} role="status">{isGood ? `Line ${receipt?.index} of the book, taken in ${time(receipt?.line.at ?? 0)}, signed by ${receipt?.line.signatures.length} key${receipt?.line.signatures.length === 1 ? '' : 's'}: every step holds.` : `Do not rely on it: ${broken[0]?.question ?? ''} ${broken[0]?.says ?? ''}`}</p>
      <Steps steps={steps} {...(leaf !== undefined && path !== undefined && receipt !== undefined ? { picture: { after: 'inclusion', shown: <MerklePath leaf={leaf} path={path} index={receipt.index} isRoot={isRoot} /> } } : {})} />
      <h3>What this does not show</h3>
      <ul>
        <li>That the rules allow the record and that it is paid for: a copy that runs the rules says so.</li>
        <li>That it is still in force: later records are not in it.</li>
      </ul>
      {receipt !== undefined && <details><summary>The record, as it was signed</summary><pre class="break">{receipt.line.payload}</pre></details>}
      <p class="actions"><Copy text={text} what="the receipt" /> <button type="button" class="small no-print" onClick={() => print()}>Print</button></p>
    </Card>
  );
}
