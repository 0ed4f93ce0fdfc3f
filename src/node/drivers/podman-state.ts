// What podman's words for the state of a container mean. Pure.
import type { RunState } from '../driver.js';

/** A row of GET /containers/json, as far as it says how the container is; times in seconds since 1970, below 0: never. */
export interface StateRow {
  readonly State: string;
  readonly ExitCode: number;
  readonly StartedAt: number;
  readonly ExitedAt: number;
}

/**
 * Podman's states: created, initialized, running, paused, stopping, stopped, exited, removing (`configured` shows as created).
 * After a restart of the machine podman 4.3 shows what ran as created, later releases as exited; nobody saw it end.
 */
export function stateOf({ State, ExitCode, StartedAt, ExitedAt }: StateRow): RunState {
  const hasRun = StartedAt > 0;
  switch (State) {
    case 'exited':
    case 'stopped':
    case 'removing':
      if (hasRun && ExitedAt < StartedAt) return 'cut';
      return ExitCode === 0 ? 'exited' : 'failed';
    case 'created':
    case 'configured':
      return hasRun ? 'cut' : 'created';
    case 'initialized':
      return 'created';
    default:
      return 'running';
  }
}
