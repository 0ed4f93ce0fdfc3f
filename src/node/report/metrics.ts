// What a watcher saw, as text for Prometheus: a file that node_exporter's textfile collector reads, since a node opens no port.
import { metric } from '../../base/prometheus.js';
import { MIB } from '../../base/bytes.js';
import type { RunState } from '../driver.js';
import type { Phase } from '../plan/desired.js';
import type { Round } from '../watch.js';

/** The metrics of one round. Counts and times only: no name, image or key of a consumer. @param version of this program */
export function metricsText({ time, machine, wanted }: Pick<Round, 'time' | 'machine' | 'wanted'>, version: string): string {
  const phases = ['run', 'paused', 'over', 'refused', 'unclear', 'unknown'] as const satisfies readonly Phase[];
  const states = ['created', 'running', 'exited', 'failed', 'cut'] as const satisfies readonly RunState[];
  return [
    metric('gauge', 'threebot_info', 'Version of the program.', [[{ version }, 1]]),
    metric('gauge', 'threebot_round_timestamp_seconds', 'When the last whole round was done.', [[{}, time.now / 1_000]]),
    metric('gauge', 'threebot_book_lines', 'Lines of the verified copy.', [[{}, time.size]]),
    metric('gauge', 'threebot_book_stamp_timestamp_seconds', 'Time stamp of the newest verified checkpoint.', [[{}, time.stamp / 1_000]]),
    metric('gauge', 'threebot_book_fresh', 'Whether the copy counts as fresh: only then does anything begin or end.', [[{}, time.fresh ? 1 : 0]]),
    metric('gauge', 'threebot_contracts', 'Contracts of this node, by what may be done with them.', phases.map((phase) => [{ phase }, wanted.filter((one) => one.phase === phase).length])),
    metric('gauge', 'threebot_workloads', 'Workloads on this machine, by state.', states.map((state) => [{ state }, machine.running.filter((one) => one.state === state).length])),
    metric('gauge', 'threebot_volumes', 'Volumes of contracts.', [[{}, machine.volumes.size]]),
    metric('gauge', 'threebot_volumes_size_bytes', 'Sizes of all volumes together; those without a size of their own count nothing.', [[{}, [...machine.volumes.values()].reduce((sum, { size_mib }) => sum + (size_mib ?? 0), 0) * MIB]]),
  ].join('');
}
