// How workloads live: restarts, crash loops, health, updates and the way back, pauses, a machine that goes down.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Restart, Workload } from '../../../src/schema/types.js';
import { C, Living, web } from '../living.js';

const policy = (change: Partial<Restart>): Workload => ({ ...web, restart: { policy: 'on-failure', attempts: 2, interval_ms: 60_000, delay_ms: 1_000, ...change } });
const { restart: _, ...plain } = web;
const check = { type: 'tcp', port: 80, start_ms: 5_000, interval_ms: 1_000, timeout_ms: 500, retries: 3 } as const;
const checked: Workload = { ...web, health: check };
const v2 = (of: Workload = web): Workload => ({ ...of, command: ['web2'] });

describe('what ends', () => {
  const table: readonly (readonly [title: string, workload: Workload, state: 'exited' | 'failed', expected: readonly string[]])[] = [
    ['well, and is never started again, has ended', policy({ policy: 'never' }), 'exited', ['web exited 0']],
    ['badly, and is never started again, has failed', policy({ policy: 'never' }), 'failed', ['web failed 0 (ended with exit code 3)']],
    ['well, of what is started again on failure, has ended', policy({}), 'exited', ['web exited 0']],
    ['badly, of what is started again on failure, comes back', policy({}), 'failed', ['web running 0 (ended with exit code 3: it is started again)']],
    ['well, of what always runs, comes back', policy({ policy: 'always' }), 'exited', ['web running 0 (ended with exit code 0: it is started again)']],
    ['well, without a policy, has ended', plain, 'exited', ['web exited']],
    ['badly, without a policy, has failed', plain, 'failed', ['web failed (ended with exit code 3)']],
  ];
  for (const [title, workload, state, expected] of table) {
    test(title, () => {
      const world = new Living(workload).look();
      world.news();
      assert.deepEqual(world.ends(state).news(), expected);
      world.pass(5_000);
      const restarts = expected[0]?.includes('running') === true ? 1 : 0;
      assert.deepEqual([world.runs(), world.lives.get(`${C}/web`)?.restarts], [restarts === 1 ? 'web' : undefined, restarts]);
    });
  }

  test('is started again after pauses that double, and fails when it has ended too often within the interval', () => {
    const world = new Living(web).look();
    for (let i = 0; i < 3; i += 1) world.ends('failed').pass(5_000);
    assert.deepEqual(world.log.filter((line) => line.includes('start web')), ['0: start web', '1: start web', '7: start web']);
    assert.deepEqual(world.said(), { name: 'web', state: 'failed', reason: 'crash loop: it ended 3 times within 1 min; the last time: ended with exit code 3', exit_code: 3, ports: [], at: world.now - 5_000, restarts: 2 });
    world.news();
    assert.deepEqual(world.pass(3_600_000).news(), []);
  });

  test('is forgotten after the interval', () => {
    const world = new Living(web).look();
    for (let i = 0; i < 10; i += 1) world.ends('failed').pass(40_000);
    assert.equal(world.runs(), 'web');
    assert.equal(world.lives.get(`${C}/web`)?.restarts, 10);
  });

  test('pauses no longer than five minutes, unless the policy asks for it', () => {
    for (const [delay_ms, longest_s] of [[100_000, 300], [600_000, 600]] as const) {
      const world = new Living(policy({ attempts: 100, interval_ms: 86_400_000, delay_ms })).look();
      for (let i = 0; i < 8; i += 1) world.ends('failed').pass(700_000);
      world.ends('failed');
      assert.equal((world.lives.get(`${C}/web`)?.again?.at ?? 0) - world.now, longest_s * 1_000);
    }
  });

  test('over and over is in the book at most once a minute', () => {
    const world = new Living(policy({ attempts: 100, interval_ms: 1_000, delay_ms: 100 })).look();
    for (let i = 0; i < 600; i += 1) world.pass(1_000).ends('failed');
    const said = world.log.filter((line) => line.includes('web running'));
    assert.ok(said.length <= 12 && said.length >= 10, said.join('\n'));
    assert.ok((world.lives.get(`${C}/web`)?.restarts ?? 0) > 500);
    world.pass(60_000);
    assert.equal(world.said()?.restarts, world.lives.get(`${C}/web`)?.restarts);
  });

  test('delays nothing else', () => {
    const other = { ...web, name: 'other', command: ['other'] };
    const world = new Living(policy({ delay_ms: 60_000 }), other).look().ends('failed');
    world.becomes(...world.list.slice(0, 1), v2(other));
    assert.deepEqual([world.runs(), world.runs('other')], [undefined, 'web2']);
  });

  test('is counted on where the agent is started anew, also when its memory is lost', () => {
    const world = new Living(web).look().ends('failed').pass(70_000);
    world.lives = new Map(world.lives);
    world.ends('failed').pass(70_000);
    assert.equal(world.said()?.restarts, 2);
    world.lives.clear();
    world.look().ends('failed').pass(70_000);
    assert.equal(world.said()?.restarts, 3);
  });

  test('comes back although a clock was put back by years', () => {
    const world = new Living(web).look().ends('failed');
    world.now -= 365 * 86_400_000;
    assert.equal(world.look().runs(), 'web');
  });

  test('comes back while the book cannot be read; nothing else does', () => {
    const other = { ...plain, name: 'other', command: ['other'] };
    const world = new Living(web, other).look();
    world.news();
    world.fresh = false;
    world.list = [web, v2(other), { ...web, name: 'new', command: ['new'] }];
    world.ends('failed').pass(5_000);
    assert.deepEqual(world.news(), ['remove web', 'start web']);
    assert.equal(world.runs('other'), 'other');
  });

  test('and cannot be started again waits as if it had ended', () => {
    const world = new Living(web).look();
    world.broken.set('web', 'registry down');
    world.ends('failed').pass(2_500);
    assert.equal(world.said()?.state, 'running');
    world.broken.clear();
    world.pass(10_000);
    assert.equal(world.runs(), 'web');
  });

  test('and was never up fails at once with its reason', () => {
    const world = new Living(web);
    world.broken.set('web', 'no such image');
    assert.deepEqual(world.look().pass(600_000).news(), ['start web', 'web failed 0 (no such image)']);
  });
});

describe('health', () => {
  test('is said when it is first known, and a workload that is unhealthy is started again', () => {
    const world = new Living(checked).look().is('healthy');
    assert.deepEqual(world.news(), ['start web', 'web running 0 starting', 'web running 0 healthy']);
    world.pass(70_000).is('unhealthy').pass(1_000);
    assert.deepEqual(world.news(), ['stop web', 'web running 0 starting (unhealthy: no answer: it is started again)', 'remove web', 'start web']);
    assert.equal(world.runs(), 'web');
    world.is('healthy').pass(60_000);
    assert.deepEqual(world.news(), ['web running 1 healthy']);
  });

  test('that comes and goes is said once a minute where nothing is started again', () => {
    const world = new Living({ ...plain, health: check }).look();
    for (let i = 0; i < 300; i += 1) world.is(i % 2 === 0 ? 'healthy' : 'unhealthy').pass(1_000);
    const said = world.log.filter((line) => line.includes('web running'));
    assert.ok(said.length <= 7, said.join('\n'));
    assert.equal(world.log.filter((line) => line.includes('stop')).length, 0);
  });

  test('of a run that is over says nothing of the next', () => {
    const world = new Living(checked).look().is('healthy').pass(10_000).is('unhealthy').pass(5_000);
    assert.equal(world.runs(), 'web');
    assert.equal(world.lives.get(`${C}/web`)?.health, 'starting');
  });

  test('that is never found ends as a crash loop, stopped', () => {
    const world = new Living(checked).look();
    for (let i = 0; i < 3; i += 1) world.is('unhealthy').pass(6_000);
    assert.match(world.said()?.reason ?? '', /^crash loop: it ended 3 times within 1 min; the last time: unhealthy: no answer$/);
    assert.equal(world.runs(), undefined);
  });
});

describe('another list', () => {
  const up = (workload: Workload): Living => {
    const world = new Living(workload).look();
    if (workload.health !== undefined) world.is('healthy');
    world.pass(20_000).news();
    return world;
  };

  test('replaces what runs: stop, remove, start', () => {
    const world = up(web).becomes(v2());
    assert.deepEqual(world.news(), ['stop web', 'remove web', 'start web2', 'web running 0']);
  });

  const back: readonly (readonly [title: string, workload: Workload, break_: (world: Living) => void, reason: string])[] = [
    ['that cannot be started', web, (world) => world.look(), 'no such image'],
    ['that ends', web, (world) => world.ends('failed'), 'ended with exit code 3'],
    ['that ends, where nothing is started again', plain, (world) => world.ends('failed'), 'ended with exit code 3'],
    ['that is not healthy', checked, (world) => world.is('unhealthy'), 'unhealthy: no answer'],
    ['that is not healthy, where nothing is started again', { ...plain, health: check }, (world) => world.is('unhealthy'), 'unhealthy: no answer'],
  ];
  for (const [title, workload, break_, reason] of back) {
    test(`${title} is rolled back, and not tried again until the list changes`, () => {
      const world = up(workload);
      if (reason === 'no such image') world.broken.set('web2', reason);
      world.becomes(v2(workload));
      break_(world);
      if (workload.health !== undefined) world.is('healthy');
      world.pass(600_000);
      assert.equal(world.runs(), 'web');
      assert.equal(world.log.filter((line) => line.endsWith('start web2')).length, 1);
      assert.deepEqual([world.said()?.state, world.said()?.reason], ['running', `rolled back: ${reason}`]);
      const third = { ...workload, command: ['web3'] };
      assert.equal(world.becomes(third).runs(), 'web3');
    });
  }

  describe('with another image', () => {
    const imaged = (command: string): Workload => ({ ...web, command: [command], image: `reg.example/${command}@sha256:${'b'.repeat(64)}` });

    test('has it fetched before what runs is stopped', () => {
      assert.deepEqual(up(imaged('web')).becomes(imaged('web2')).news(), ['fetch web2', 'stop web', 'remove web', 'start web2', 'web running 0']);
    });

    test('that cannot be fetched leaves running what runs, which is said with the reason', () => {
      const world = up(imaged('web'));
      world.broken.set('web2', 'the registry is away');
      assert.deepEqual(world.becomes(imaged('web2')).news(), ['fetch web2', 'web running 0 (rolled back: the registry is away)']);
      world.pass(600_000);
      assert.deepEqual([world.runs(), world.said()?.state, world.said()?.reason], ['web', 'running', 'rolled back: the registry is away']);
      assert.deepEqual(world.news(), []);
    });

    test('that cannot be fetched fails where there is nothing proven to go on with', () => {
      const world = new Living(imaged('web')).look();
      world.broken.set('web2', 'the registry is away');
      world.becomes(imaged('web2')).pass(60_000);
      assert.deepEqual([world.runs(), world.said()?.state, world.said()?.reason], [undefined, 'failed', 'the registry is away']);
    });
  });

  test('that was refused stays so where the agent is started anew', () => {
    const world = up(web).becomes(v2()).ends('failed');
    world.lives = new Map(world.lives);
    assert.equal(world.pass(60_000).runs(), 'web');
    assert.equal(world.log.filter((line) => line.endsWith('start web2')).length, 1);
  });

  test('that works is kept, and is what the next one is rolled back to', () => {
    const world = up(web).becomes(v2()).pass(20_000).ends('failed').pass(5_000);
    assert.equal(world.runs(), 'web2');
    world.becomes({ ...web, command: ['web3'] }).ends('failed');
    assert.equal(world.runs(), 'web2');
  });

  test('of what never worked is not rolled back', () => {
    const world = new Living(web).look().becomes(v2()).ends('failed').pass(5_000);
    assert.equal(world.runs(), 'web2');
  });

  test('that is a batch is never rolled back for how it ends', () => {
    const world = up(web).becomes({ ...v2(), restart: { policy: 'never', attempts: 1, interval_ms: 1_000, delay_ms: 1_000 } }).ends('failed').pass(60_000);
    assert.deepEqual([world.said()?.state, world.said()?.exit_code], ['failed', 3]);
  });

  test('to which what was rolled back returns runs on without a word of it', () => {
    const world = up(web).becomes(v2()).ends('failed');
    world.news();
    assert.deepEqual(world.becomes(web).news(), ['web running 0']);
  });

  test('with another share of the same is no end of it', () => {
    const world = up(web);
    world.limits = { ...world.limits, mru_mib: 128 };
    assert.deepEqual(world.look().news(), ['stop web', 'remove web', 'start web']);
    assert.equal(world.lives.get(`${C}/web`)?.restarts, 0);
  });

  test('with another share starts nothing that has ended', () => {
    const world = up(policy({ policy: 'never' })).ends('exited');
    world.news();
    world.limits = { ...world.limits, mru_mib: 128 };
    assert.deepEqual(world.look().news(), ['remove web']);
  });
});

describe('a machine that went down', () => {
  const table: readonly (readonly [title: string, workload: Workload, runs: string | undefined])[] = [
    ['starts again what always runs', policy({ policy: 'always' }), 'web'],
    ['starts again what is started on failure', policy({}), 'web'],
    ['starts again what has no policy', plain, 'web'],
    ['does not run a batch twice', policy({ policy: 'never' }), undefined],
  ];
  for (const [title, workload, runs] of table) {
    test(title, () => {
      for (const state of ['cut', 'created'] as const) {
        const world = new Living(workload).look().pass(20_000);
        world.running = world.running.map((one) => ({ ...one, state, ...(state === 'created' ? { started: null } : {}) }));
        world.look();
        assert.equal(world.runs(), runs);
        if (runs === undefined) assert.deepEqual([world.said()?.state, world.said()?.reason, world.said()?.exit_code], ['failed', 'the machine went down while it ran; a batch is not run again', null]);
      }
    });
  }

  test('starts nothing that had ended', () => {
    for (const state of ['exited', 'failed'] as const) {
      const world = new Living(policy({ policy: 'never' })).look().ends(state);
      world.running = [];
      assert.equal(world.pass(60_000).runs(), undefined);
    }
  });

  test('goes on with a pause where it was', () => {
    const world = new Living(policy({ delay_ms: 30_000 })).look().ends('failed');
    world.running = [];
    assert.equal(world.pass(20_000).runs(), undefined);
    assert.equal(world.pass(20_000).runs(), 'web');
  });
});

describe('a pause of the contract', () => {
  test('stops what runs, and once it is paid for again it goes on, whatever its policy', () => {
    for (const workload of [plain, policy({}), policy({ policy: 'always' }), policy({ policy: 'never' })]) {
      const world = new Living(workload).look();
      world.news();
      world.phase = 'paused';
      world.look().pass(60_000);
      assert.deepEqual(world.news(), ['stop web', 'web exited (stopped: the contract is paused)']);
      world.phase = 'run';
      world.look();
      assert.equal(world.runs(), 'web');
      assert.equal(world.lives.get(`${C}/web`)?.restarts, 0);
      assert.equal(world.said()?.state, 'running');
    }
  });

  test('resumes nothing that had ended before', () => {
    const world = new Living(policy({ policy: 'never' })).look().ends('exited');
    world.phase = 'paused';
    world.look();
    world.phase = 'run';
    assert.equal(world.pass(60_000).runs(), undefined);
    assert.deepEqual([world.said()?.state, world.said()?.exit_code], ['exited', 0]);
  });

  test('in which it was waiting for its next start lets it start afterwards', () => {
    const world = new Living(policy({ delay_ms: 30_000 })).look().ends('failed');
    world.phase = 'paused';
    world.look().pass(60_000);
    assert.equal(world.runs(), undefined);
    world.phase = 'run';
    assert.equal(world.look().runs(), 'web');
  });

  test('whose stop nobody could record yet is no end either', () => {
    const world = new Living(policy({ policy: 'never' })).look();
    world.phase = 'paused';
    world.look();
    world.phase = 'run';
    world.lives = new Map(world.lives);
    assert.equal(world.look().runs(), 'web');
  });
});
